import { SkeinError } from "../errors.js";

/**
 * Writes an unsigned LEB128 varint: seven bits a byte, lowest first, up to 2^53 - 1.
 * @throws {SkeinError} `bad-argument` for any other number.
 */
export function writeVarint(target: number[], value: number): void {
  checkVarint(value);
  let rest = value;
  while (rest >= 0x80) {
    target.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  target.push(rest);
}

function checkVarint(value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new SkeinError("bad-argument", `${value} can't go on the wire: use a whole number from 0 to 2^53 - 1.`);
}

/**
 * Writes a varint into bytes that have room for it; gives where it ends.
 * @throws {SkeinError} as {@link writeVarint}.
 */
export function putVarint(target: Uint8Array, offset: number, value: number): number {
  checkVarint(value);
  let rest = value;
  let end = offset;
  while (rest >= 0x80) {
    target[end++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[end++] = rest;
  return end;
}

/** How many bytes {@link writeVarint} takes for a value. */
export function varintBytes(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** Reads fields from bytes that can't be trusted. The first field that isn't there makes {@link failed} true, for good. */
export class ByteReader {
  failed = false;
  position: number;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  /** Reads from `start` to `end`: what lies in the middle of other bytes needs no view of its own. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.position = start;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.position >= this.#end;
  }

  byte(): number {
    if (this.atEnd) return this.#fail();
    return this.#bytes[this.position++] as number;
  }

  /** Only the shortest form is a varint, so that each number has one. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      const byte = this.byte();
      if (this.failed) return 0;
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80) continue;
      if (byte === 0 && scale > 1) return this.#fail();
      return Number.isSafeInteger(value) ? value : this.#fail();
    }
    return this.#fail();
  }

  /** A view of the next bytes, not a copy. */
  bytes(length: number): Uint8Array {
    if (length > this.#end - this.position) {
      this.#fail();
      return new Uint8Array(0);
    }
    const start = this.position;
    this.position += length;
    return this.#bytes.subarray(start, this.position);
  }

  rest(): Uint8Array {
    return this.bytes(this.#end - this.position);
  }

  /** A reader of the next bytes, which this one passes over. */
  part(length: number): ByteReader {
    const start = this.position;
    if (length > this.#end - start) this.#fail();
    else this.position += length;
    return new ByteReader(this.#bytes, start, this.position);
  }

  #fail(): 0 {
    this.failed = true;
    return 0;
  }
}
