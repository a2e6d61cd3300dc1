import { utf8 } from "../bytes.js";
import { accept, type Decoded, reject } from "../decoded.js";
import { limits } from "../limits.js";

/** What {@link checkShape} has seen on its way. */
export interface Shape {
  /** Strings of over 64 bytes that begin with a byte order mark: where the head, where the text, how long. */
  readonly marked: readonly MarkedString[];
}

interface MarkedString {
  readonly head: number;
  readonly text: number;
  readonly length: number;
}

const noneMarked: Shape = { marked: [] };

/**
 * Walks a MessagePack document without building it, and says whether it is plain, complete and within the limits.
 *
 * It stands in front of the decoder because a decoder allocates as it goes: a five-byte array header may announce
 * millions of items. It also turns extension types away, which keeps the wire readable for any MessagePack library, and
 * the decoder's paths that would compile code (msgpackr's records) out of a stranger's reach.
 */
export function checkShape(bytes: Uint8Array): Decoded<Shape> {
  const length = bytes.length;
  // How many values each open container still waits for. Its height is the depth.
  const waiting: number[] = [1];
  // Whether it is a map: what it waits for at an even count is a key then.
  const maps: boolean[] = [false];
  let marked: MarkedString[] | undefined;
  let position = 0;
  let items = 0;

  while (waiting.length > 0) {
    const top = waiting.length - 1;
    if (waiting[top] === 0) {
      waiting.pop();
      maps.pop();
      continue;
    }
    const isKey = maps[top] === true && (waiting[top] as number) % 2 === 0;
    (waiting[top] as number)--;
    if (++items > limits.items) return reject("over-limit", `more than ${limits.items} values`);
    if (position >= length) return reject("malformed", "ends in the middle of a value");

    const head = bytes[position++] as number;
    const kind = kindOf(head);
    if (kind === "unused") return reject("malformed", `0x${head.toString(16)} is no plain MessagePack type`);

    const width = sizeWidth[head] ?? 0;
    if (position + width > length) return reject("malformed", "ends in the middle of a value");
    const size = sizeOf(head, bytes, position);
    position += width;

    if (isKey && !isString(head)) return reject("malformed", "a map with a key that isn't a string");
    if (kind === "scalar") {
      if (size > length - position) return reject("malformed", "ends in the middle of a value");
      if (isKey && size === 9 && spellsProto(bytes, position))
        return reject("malformed", "a map with the key `__proto__`");
      if (size > 64 && isString(head) && startsWithMark(bytes, position)) {
        marked ??= [];
        marked.push({ head: position - width - 1, text: position, length: size });
      }
      position += size;
      continue;
    }
    const children = kind === "map" ? size * 2 : size;
    // Each child takes a byte at least, so a count beyond what is left is a lie.
    if (children > length - position) return reject("malformed", "announces more values than it has bytes");
    if (waiting.length > limits.depth) return reject("over-limit", `nested deeper than ${limits.depth}`);
    waiting.push(children);
    maps.push(kind === "map");
  }
  if (position !== length) return reject("malformed", "has bytes after its value");
  return accept(marked === undefined ? noneMarked : { marked });
}

function isString(head: number): boolean {
  return (head >= 0xa0 && head <= 0xbf) || (head >= 0xd9 && head <= 0xdb);
}

function spellsProto(bytes: Uint8Array, position: number): boolean {
  for (let i = 0; i < proto.length; i++) if (bytes[position + i] !== proto[i]) return false;
  return true;
}

function startsWithMark(bytes: Uint8Array, position: number): boolean {
  return bytes[position] === 0xef && bytes[position + 1] === 0xbb && bytes[position + 2] === 0xbf;
}

const proto = utf8("__proto__");

function kindOf(head: number): "scalar" | "array" | "map" | "unused" {
  if (head <= 0x7f || head >= 0xe0) return "scalar";
  if (head <= 0x8f) return "map";
  if (head <= 0x9f) return "array";
  if (head <= 0xbf) return "scalar";
  if (head === 0xc1 || (head >= 0xc7 && head <= 0xc9) || (head >= 0xd4 && head <= 0xd8)) return "unused";
  if (head === 0xdc || head === 0xdd) return "array";
  if (head === 0xde || head === 0xdf) return "map";
  return "scalar";
}

/** How many bytes the length field behind a head takes (bin, str, array, map). */
const sizeWidth: Readonly<Record<number, number>> = {
  0xc4: 1,
  0xc5: 2,
  0xc6: 4,
  0xd9: 1,
  0xda: 2,
  0xdb: 4,
  0xdc: 2,
  0xdd: 4,
  0xde: 2,
  0xdf: 4,
};

/** What a scalar of fixed width takes behind its head (float, uint, int). */
const fixedSize: Readonly<Record<number, number>> = {
  0xca: 4,
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
};

function sizeOf(head: number, bytes: Uint8Array, position: number): number {
  if (head >= 0x80 && head <= 0x9f) return head & 0x0f;
  if (head >= 0xa0 && head <= 0xbf) return head & 0x1f;
  const width = sizeWidth[head];
  if (width === undefined) return fixedSize[head] ?? 0;
  let size = 0;
  for (let i = 0; i < width; i++) size = size * 256 + (bytes[position + i] as number);
  return size;
}
