import { type Rejected, type RejectionCode, reject } from "../decoded.js";
import { limits } from "../limits.js";

/** Up to here a loop over the bytes is faster than the platform's decoder. */
const shortText = 32;

/** A byte string is a view where it is one part in so many of what it keeps in memory, or more. */
const keptShare = 16;

// Without `ignoreBOM` a leading byte order mark would be swallowed.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Why bytes aren't plain MessagePack within the limits. Never leaves {@link decode}. */
export class Unreadable extends Error {
  readonly rejection: Rejected;

  constructor(code: RejectionCode, reason: string) {
    super(reason);
    this.rejection = reject(code, reason);
  }
}

/**
 * Reads one document of plain MessagePack that came from somewhere else.
 *
 * Invariants: no memory is taken for what isn't there; nothing nests deeper, and nothing holds more values, than the limits
 * say; extensions, keys that aren't strings and the key `__proto__` are turned away; all of the bytes are the document.
 */
export class Decoder {
  readonly #bytes: Uint8Array;
  #position = 0;
  #items = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Most documents need none: it would cost as much as reading them. */
  get #view(): DataView {
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
  }

  /** Byte strings in it are views, but for small ones of what is much larger. @throws {Unreadable} */
  document(): unknown {
    const value = this.#value(0);
    if (this.#position !== this.#bytes.length) throw new Unreadable("malformed", "has bytes after its value");
    return value;
  }

  #value(depth: number): unknown {
    const head = this.#head();
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head - 0x80, depth);
    if (head < 0xa0) return this.#array(head - 0x90, depth);
    if (head < 0xc0) return this.#text(head - 0xa0);
    if (head >= 0xe0) return head - 0x100;
    return this.#long(head, depth);
  }

  #head(): number {
    if (++this.#items > limits.items) throw new Unreadable("over-limit", `more than ${limits.items} values`);
    return this.#bytes[this.#take(1)] as number;
  }

  #long(head: number, depth: number): unknown {
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#unsigned(head - 0xc4));
      case 0xca:
        return this.#view.getFloat32(this.#take(4));
      case 0xcb:
        return this.#view.getFloat64(this.#take(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#unsigned(head - 0xcc);
      case 0xcf:
        return whole(this.#view.getBigUint64(this.#take(8)));
      case 0xd0:
        return this.#view.getInt8(this.#take(1));
      case 0xd1:
        return this.#view.getInt16(this.#take(2));
      case 0xd2:
        return this.#view.getInt32(this.#take(4));
      case 0xd3:
        return whole(this.#view.getBigInt64(this.#take(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(head - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#unsigned(head - 0xdb), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(head - 0xdd), depth);
      default:
        throw new Unreadable("malformed", `0x${head.toString(16)} is no plain MessagePack type`);
    }
  }

  #array(length: number, depth: number): unknown[] {
    this.#checkDepth(depth);
    // Not as long as it says it is: that may be a lie.
    const values: unknown[] = [];
    for (let i = 0; i < length; i++) values.push(this.#value(depth + 1));
    return values;
  }

  #map(length: number, depth: number): Record<string, unknown> {
    this.#checkDepth(depth);
    const values: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const key = this.#key();
      values[key] = this.#value(depth + 1);
    }
    return values;
  }

  #checkDepth(depth: number): void {
    if (depth >= limits.depth) throw new Unreadable("over-limit", `nested deeper than ${limits.depth}`);
  }

  #key(): string {
    const head = this.#head();
    if (!((head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb))) {
      throw new Unreadable("malformed", "a map with a key that isn't a string");
    }
    const key = this.#text(head < 0xc0 ? head - 0xa0 : this.#unsigned(head - 0xd9));
    if (key === "__proto__") throw new Unreadable("malformed", "a map with the key `__proto__`");
    return key;
  }

  #text(length: number): string {
    const start = this.#take(length);
    const end = start + length;
    if (length > shortText) return utf8.decode(this.#bytes.subarray(start, end));
    let text = "";
    for (let i = start; i < end; i++) {
      const byte = this.#bytes[i] as number;
      if (byte >= 0x80) return utf8.decode(this.#bytes.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #binary(length: number): Uint8Array {
    const start = this.#take(length);
    const end = start + length;
    // Whoever keeps a few bytes of a frame isn't to keep the frame.
    if (length * keptShare < this.#bytes.buffer.byteLength) return this.#bytes.slice(start, end);
    return this.#bytes.subarray(start, end);
  }

  /** A number of 8, 16 or 32 bits. */
  #unsigned(size: number): number {
    const end = this.#take(1 << size) + (1 << size);
    let value = 0;
    for (let i = end - (1 << size); i < end; i++) value = value * 0x100 + (this.#bytes[i] as number);
    return value;
  }

  /** Passes over so many bytes, and gives where they begin. */
  #take(bytes: number): number {
    const start = this.#position;
    if (bytes > this.#bytes.length - start) throw new Unreadable("malformed", "ends in the middle of a value");
    this.#position += bytes;
    return start;
  }
}

/** As a number where that is exact. */
function whole(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
