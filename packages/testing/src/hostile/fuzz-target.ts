/** Something that reads bytes from strangers, and what must be so whatever the bytes are. */
export interface FuzzTarget {
  readonly name: string;
  /** What it reads, or ought to turn away: what others are made from. */
  readonly examples: readonly Uint8Array[];
  /**
   * Reads bytes. Throws nothing that the reader doesn't: an error that comes out of it is a finding, as any complaint is that it gives.
   * Undefined where all is well.
   */
  check(bytes: Uint8Array): string | undefined;
}

/** What a value may come to, written anew, for each byte that it was read from: a float may have been half as wide. */
const growthMost = 4;
const growthBytes = 64;

/**
 * Reads bytes, writes what they said, and reads that: both times it must be the same. And it must not be much larger than it was: nobody gets much for
 * little.
 */
export function checkRoundTrip<Value>(
  bytes: Uint8Array,
  codec: {
    readonly read: (bytes: Uint8Array) => { readonly ok: true; readonly value: Value } | { readonly ok: false };
    readonly write: (value: Value) => Uint8Array;
  },
): string | undefined {
  const first = codec.read(bytes);
  if (!first.ok) return undefined;
  // Copies: an encoder may give a view of what it uses again.
  const written = codec.write(first.value).slice();
  if (written.length > growthMost * bytes.length + growthBytes) {
    return `${bytes.length} bytes became ${written.length}`;
  }
  const second = codec.read(written);
  if (!second.ok) return "what was read is turned away, once it is written again";
  const again = codec.write(second.value);
  return sameBytes(written, again) ? undefined : "what was read is another thing, once it is written and read again";
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
