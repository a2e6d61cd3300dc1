import { type Cargo, type Note, noteBytes, noteOf, numberOfNote, textOf } from "./cargo.ts";

/** How numbered messages look to a contestant. */
export interface Codec<Message> {
  /** The message of this number. It may be the same object each time, with another number in it. */
  message(number: number): Message;
  /** The shortest that can carry a number: an answer. */
  answer(number: number): Message;
  /**
   * The number of a message or an answer.
   * @throws {Error} where it isn't whole
   */
  numberOf(message: Message): number;
}

/** Bytes with the number in front. A note is as many bytes as its object would be. */
export function bytesCodec(cargo: Cargo): Codec<Uint8Array<ArrayBuffer>> {
  const length = cargo.kind === "note" ? noteBytes : cargo.bytes;
  const message = Uint8Array.from({ length }, (_, index) => index);
  const answer = new Uint8Array(4);
  const last = message.at(-1);
  return {
    message: (number) => numbered(message, number),
    answer: (number) => numbered(answer, number),
    numberOf(bytes) {
      const whole = bytes.length === length ? bytes.at(-1) === last : bytes.length === answer.length;
      if (!whole) throw new Error(`A message has ${bytes.length} bytes instead of ${length}, or other ones.`);
      return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    },
  };
}

function numbered<Bytes extends Uint8Array>(bytes: Bytes, number: number): Bytes {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, number);
  return bytes;
}

/** Plain objects, a new one for each. */
export function noteCodec(cargo: Extract<Cargo, { readonly kind: "note" }>): Codec<Note> {
  const text = textOf(cargo);
  const message = (number: number) => noteOf(number, text);
  return { message, answer: message, numberOf: (note) => numberOfNote(note, cargo.textLength) };
}

/** The same as JSON. */
export function jsonCodec(cargo: Extract<Cargo, { readonly kind: "note" }>): Codec<string> {
  const notes = noteCodec(cargo);
  const message = (number: number) => JSON.stringify(notes.message(number));
  return { message, answer: message, numberOf: (json) => notes.numberOf(JSON.parse(json)) };
}
