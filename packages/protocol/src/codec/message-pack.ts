import { accept, type Decoded } from "../decoded.js";
import { SkeinError } from "../errors.js";
import { Decoder, Unreadable } from "./decoder.js";
import { bufferMostBytes, Encoder, NotPlain } from "./encoder.js";

/** Taken while it is used: an app's getter may encode something else in the middle of a value. */
let spareEncoder: Encoder | undefined;

/**
 * Writes a value as plain MessagePack: null, booleans, numbers, strings, `Uint8Array`, arrays and plain objects.
 * What is undefined is left out of an object, and null in an array. The result is a view into a buffer that other values
 * share: copy it before it is kept for long or transferred.
 * @throws {SkeinError} `bad-body` for anything else: a Date, a Map, a function, a cycle.
 */
export function encode(value: unknown): Uint8Array {
  return encodeBehind(0, value);
}

/**
 * The same, with so many bytes left before the value, for a head that the caller writes there: one array for both.
 * @throws {SkeinError} as {@link encode}.
 */
export function encodeBehind(headBytes: number, value: unknown): Uint8Array {
  const encoder = spareEncoder ?? new Encoder();
  spareEncoder = undefined;
  try {
    const bytes = encoder.encode(value, headBytes);
    // A buffer that grew beyond that isn't kept for other values.
    if (bytes.buffer.byteLength <= bufferMostBytes) spareEncoder = encoder;
    return bytes;
  } catch (error) {
    throw error instanceof NotPlain ? notPlain(error) : error;
  }
}

function notPlain({ message }: NotPlain): SkeinError {
  return new SkeinError(
    "bad-body",
    `This value can't be written as plain MessagePack (it holds ${message}): use null, booleans, numbers, strings, ` +
      "Uint8Array, arrays and plain objects, nested 32 deep at most; a Date goes as its ISO text or as milliseconds.",
  );
}

/** Reads plain MessagePack that came from somewhere else. Byte strings are views into `source`, but for small ones. */
export function decode(source: Uint8Array): Decoded<unknown> {
  try {
    return accept(new Decoder(withoutBuffer(source)).document());
  } catch (error) {
    if (error instanceof Unreadable) return error.rejection;
    throw error;
  }
}

/**
 * The same bytes, as the one kind of array that every platform has. Node's Buffer has other rules: its `slice` shares where
 * an array's copies, and it shows itself as JSON of its own.
 */
function withoutBuffer(bytes: Uint8Array): Uint8Array {
  if (bytes.constructor === Uint8Array) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
