import { randomBytes } from "node:crypto";

/** RFC 6455 §5.2. */
export const opcode = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/**
 * A whole WebSocket frame as a client sends it: masked, with a key that is drawn once. A load generator sends the same
 * frame again and again, and so spends next to nothing on making it.
 */
export function clientFrame(kind: number, payload: Uint8Array): Buffer {
  if (payload.length > 0xffff) throw new RangeError("This load has no frames of over 64 KiB.");
  const header =
    payload.length < 126 ? [payload.length | 0x80] : [126 | 0x80, payload.length >> 8, payload.length & 0xff];
  const key = randomBytes(4);
  // Servers take a key of zeros for "not masked", and save themselves the work.
  key[0] = (key[0] ?? 0) | 1;
  const masked = payload.map((byte, index) => byte ^ (key[index & 3] ?? 0));
  return Buffer.concat([Buffer.from([kind | 0x80, ...header]), key, masked]);
}

/** Cuts a server's bytes into frames. They come whole: our servers don't fragment messages of this size. */
export class FrameReader {
  readonly #receive: (kind: number, payload: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  /** Payloads that `receive` gets are views of what was read. */
  constructor(receive: (kind: number, payload: Buffer) => void) {
    this.#receive = receive;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const start = payloadStart(bytes, at);
      if (start === undefined) break;
      const end = start + payloadLength(bytes, at);
      if (end > bytes.length) break;
      this.#receive((bytes[at] ?? 0) & 0x0f, bytes.subarray(start, end));
      at = end;
    }
    // A copy, else a few bytes keep alive all that came with them.
    this.#rest = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }
}

/** Where the payload of the frame at `at` begins, once its header is there. */
function payloadStart(bytes: Buffer, at: number): number | undefined {
  if (at + 2 > bytes.length) return undefined;
  const length = (bytes[at + 1] ?? 0) & 0x7f;
  const start = at + (length < 126 ? 2 : length === 126 ? 4 : 10);
  return start > bytes.length ? undefined : start;
}

function payloadLength(bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] ?? 0) & 0x7f;
  if (length < 126) return length;
  return length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
}
