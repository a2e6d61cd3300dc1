/** What each message of a line carries beside its number. */
export type Cargo =
  /** An object with a number and a text of so many characters. */
  | { readonly kind: "note"; readonly textLength: number }
  /** So many bytes. */
  | { readonly kind: "block"; readonly bytes: number };

export interface Note {
  readonly number: number;
  readonly text: string;
}

/** Every number has as many digits, and as many bytes: so every note is as long as the next. */
const firstNumber = 100_000;
const lastNumber = 999_999;

/** Notes of 100 bytes: as MessagePack, and as the bytes of those who send bytes. */
export const noteBytes = 100;
export const packedNote = { kind: "note", textLength: 80 } as const;
/** Notes of 98 bytes as JSON. */
export const jsonNote = { kind: "note", textLength: 71 } as const;

/**
 * The note that is sent as the one of this number, from 0.
 * @throws {RangeError} above 899,999
 */
export function noteOf(number: number, text: string): Note {
  const long = firstNumber + number;
  if (long > lastNumber) throw new RangeError(`A run has ${lastNumber - firstNumber + 1} notes at most.`);
  return { number: long, text };
}

export function textOf({ textLength }: { readonly textLength: number }): string {
  return "skein ".repeat(textLength).slice(0, textLength);
}

/**
 * The number that a note was sent by.
 * @throws {Error} where it isn't as long as it was
 */
export function numberOfNote({ number, text }: Note, textLength: number): number {
  if (text.length !== textLength) throw new Error(`A note has ${text.length} characters instead of ${textLength}.`);
  return number - firstNumber;
}
