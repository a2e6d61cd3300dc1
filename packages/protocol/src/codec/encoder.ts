import { limits } from "../limits.js";

/** A buffer has room for so many values like the one that asked for it: making one costs more than filling it. */
const valuesPerBuffer = 16;
const bufferLeastBytes = 8 * 1024;
/** A view of a small value keeps no more than this in memory. */
export const bufferMostBytes = 1024 * 1024;
/** What any number takes, and any head of the rest. */
const headBytes = 9;
/** Up to here a loop over the characters is faster than the platform's encoder. */
const shortText = 32;

const utf8 = new TextEncoder();

/** Why a value can't be written as plain MessagePack: what it holds. */
export class NotPlain extends Error {}

/**
 * Writes plain MessagePack, and notices on its way what isn't plain: what is checked is what is written. Each value has one
 * form, with the shortest head.
 *
 * Not reentrant: what runs in the middle of a value (an app's getter) needs an encoder of its own.
 */
export class Encoder {
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;
  #end = 0;
  #items = 0;

  /**
   * Gives a view into a buffer that may hold other results too, with so many bytes before the value for its caller to fill.
   * @throws {NotPlain}
   */
  encode(value: unknown, before = 0): Uint8Array {
    this.#start = this.#end;
    this.#reserve(before);
    this.#end += before;
    this.#items = 0;
    this.#value(value, 0);
    return this.#bytes.subarray(this.#start, this.#end);
  }

  #value(value: unknown, depth: number): void {
    if (++this.#items > limits.items) throw new NotPlain(`more than ${limits.items} values`);
    this.#reserve(headBytes);
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return this.#number(value);
      case "bigint":
        return this.#bigint(value);
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2);
      case "undefined":
        return this.#byte(0xc0);
      case "object":
        return this.#object(value, depth);
      default:
        throw new NotPlain(`a ${typeof value}`);
    }
  }

  #object(value: object | null, depth: number): void {
    if (value === null) return this.#byte(0xc0);
    if (value instanceof Uint8Array) return this.#binary(value);
    if (depth >= limits.depth) throw new NotPlain(`nested deeper than ${limits.depth}, or in a circle`);
    if (Array.isArray(value)) return this.#array(value, depth + 1);
    if (!isPlainObject(value)) throw new NotPlain("an object of a class, not a plain one");
    this.#map(value, depth + 1);
  }

  #array(values: readonly unknown[], depth: number): void {
    this.#countHead(values.length, 0x90, 0xdc);
    // By place: what a sparse array lacks is undefined, and counts.
    for (let i = 0; i < values.length; i++) this.#value(values[i], depth);
  }

  /** As in JSON, what is undefined is left out: hardly any map holds that, and one that does is begun again without it. */
  #map(values: object, depth: number): void {
    const [position, items] = [this.#end - this.#start, this.#items];
    const keys = Object.keys(values);
    this.#countHead(keys.length, 0x80, 0xde);
    for (const key of keys) {
      // Read once: a getter may say something else the next time.
      const value: unknown = values[key as keyof typeof values];
      if (value === undefined) {
        this.#end = this.#start + position;
        this.#items = items;
        return this.#sparseMap(values, depth);
      }
      this.#entry(key, value, depth);
    }
  }

  #sparseMap(values: object, depth: number): void {
    const entries = Object.entries(values).filter(([, value]) => value !== undefined);
    this.#countHead(entries.length, 0x80, 0xde);
    for (const [key, value] of entries) this.#entry(key, value, depth);
  }

  #entry(key: string, value: unknown, depth: number): void {
    if (key === "__proto__") throw new NotPlain("the key `__proto__`");
    this.#value(key, depth);
    this.#value(value, depth);
  }

  #countHead(count: number, short: number, long: number): void {
    if (count < 16) this.#byte(short + count);
    else if (count < 2 ** 16) this.#view.setUint16(this.#head(long, 2), count);
    else this.#view.setUint32(this.#head(long + 1, 4), count);
  }

  #text(value: string): void {
    // Three bytes at most for each unit of UTF-16.
    this.#reserve(headBytes + 3 * value.length);
    if (value.length <= shortText && this.#ascii(value)) return;
    if (!value.isWellFormed()) throw new NotPlain("text that holds half of a surrogate pair");
    // How long the head is shows only then.
    const from = this.#end + headBytes;
    const { written } = utf8.encodeInto(value, this.#bytes.subarray(from));
    this.#textHead(written);
    this.#bytes.copyWithin(this.#end, from, from + written);
    this.#end += written;
  }

  /** Writes a short text where it is ASCII, and nothing where it isn't. */
  #ascii(value: string): boolean {
    const start = this.#end;
    this.#textHead(value.length);
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit >= 0x80) {
        this.#end = start;
        return false;
      }
      this.#bytes[this.#end++] = unit;
    }
    return true;
  }

  #textHead(length: number): void {
    if (length < 32) this.#byte(0xa0 + length);
    else this.#unsigned(length, 0xd9);
  }

  #binary(value: Uint8Array): void {
    this.#unsigned(value.length, 0xc4);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#end);
    this.#end += value.length;
  }

  #number(value: number): void {
    if (value >>> 0 === value) {
      if (value < 0x80) this.#byte(value);
      else this.#unsigned(value, 0xcc);
    } else if (value >> 0 === value) this.#negative(value);
    else this.#view.setFloat64(this.#head(0xcb, 8), value);
  }

  /** The heads for 8, 16 and 32 bits follow each other. */
  #unsigned(value: number, head: number): void {
    if (value < 2 ** 8) this.#view.setUint8(this.#head(head, 1), value);
    else if (value < 2 ** 16) this.#view.setUint16(this.#head(head + 1, 2), value);
    else this.#view.setUint32(this.#head(head + 2, 4), value);
  }

  #negative(value: number): void {
    if (value >= -32) this.#byte(value);
    else if (value >= -(2 ** 7)) this.#view.setInt8(this.#head(0xd0, 1), value);
    else if (value >= -(2 ** 15)) this.#view.setInt16(this.#head(0xd1, 2), value);
    else this.#view.setInt32(this.#head(0xd2, 4), value);
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) this.#view.setBigInt64(this.#head(0xd3, 8), value);
    else if (BigInt.asUintN(64, value) === value) this.#view.setBigUint64(this.#head(0xcf, 8), value);
    else throw new NotPlain("a bigint of more than 64 bits");
  }

  #byte(byte: number): void {
    this.#bytes[this.#end++] = byte;
  }

  /** Writes a head, and gives where the bytes behind it go. */
  #head(head: number, bytes: number): number {
    this.#byte(head);
    this.#end += bytes;
    return this.#end - bytes;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const done = this.#bytes.subarray(this.#start, this.#end);
    // Twice what is there, at least: on the whole, little is moved.
    const least = Math.max(bufferLeastBytes, 2 * done.length + bytes);
    this.#bytes = new Uint8Array(Math.max(least, Math.min(valuesPerBuffer * bytes, bufferMostBytes)));
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes.set(done);
    this.#start = 0;
    this.#end = done.length;
  }
}

/** Also where the object comes from another realm: a frame, a worker's message, Electron's bridge. */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
