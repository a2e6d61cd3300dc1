import { describe, expect, it } from "vitest";
import { clientFrame, FrameReader, opcode } from "./frames.ts";

/** A frame as a server sends it (RFC 6455 §5.2), without a mask. */
function serverFrame(kind: number, payload: Uint8Array): Buffer {
  const length = payload.length;
  if (length < 126) return Buffer.concat([Buffer.from([kind | 0x80, length]), payload]);
  const header = Buffer.alloc(length <= 0xffff ? 4 : 10);
  header[0] = kind | 0x80;
  header[1] = length <= 0xffff ? 126 : 127;
  if (length <= 0xffff) header.writeUInt16BE(length, 2);
  else header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}

function read(...chunks: Buffer[]): [number, Buffer][] {
  const frames: [number, Buffer][] = [];
  const reader = new FrameReader((kind, payload) => frames.push([kind, Buffer.from(payload)]));
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

const small = [0, 1, 125, 126, 300];
const all = [...small, 0xffff, 0x10000];

/** Frames of these lengths, one after the other. */
function stream(lengths: readonly number[]): Buffer {
  return Buffer.concat(lengths.map((length) => serverFrame(opcode.binary, Buffer.alloc(length, length))));
}

describe("reading a server's frames", () => {
  it("finds every length of header, several frames in one chunk", () => {
    expect(read(stream(all)).map(([, payload]) => payload.length)).toEqual(all);
  });

  it.each([
    [1, small],
    [2, small],
    [3, small],
    [7, small],
    [1000, all],
  ])("finds the same in chunks of %i bytes", (size, lengths) => {
    const bytes = stream(lengths);
    const count = Math.ceil(bytes.length / size);
    const chunks = Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
    expect(read(...chunks)).toEqual(lengths.map((length) => [opcode.binary, Buffer.alloc(length, length)]));
  });

  it("tells what kind a frame has", () => {
    expect(read(serverFrame(opcode.ping, Buffer.from("?")))).toEqual([[opcode.ping, Buffer.from("?")]]);
  });
});

describe("a client's frames", () => {
  it.each([0, 125, 126, 300, 0xffff])("are masked, and hold %i bytes", (length) => {
    const payload = Buffer.alloc(length, 7);
    const frame = clientFrame(opcode.text, payload);
    expect(frame[0]).toBe(0x80 | opcode.text);
    expect((frame[1] ?? 0) & 0x80).toBe(0x80);
    const keyAt = length < 126 ? 2 : 4;
    const key = frame.subarray(keyAt, keyAt + 4);
    expect(key).not.toEqual(Buffer.alloc(4));
    expect(frame.subarray(keyAt + 4).map((byte, i) => byte ^ (key[i & 3] ?? 0))).toEqual(payload);
  });

  it("aren't larger than this load needs", () => {
    expect(() => clientFrame(opcode.binary, Buffer.alloc(0x10000))).toThrow(RangeError);
  });
});
