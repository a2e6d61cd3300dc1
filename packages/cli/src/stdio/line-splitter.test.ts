import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Line, LineSplitter } from "./line-splitter.js";

function split(chunks: readonly Uint8Array[], most?: number): Line[] {
  const splitter = new LineSplitter(most);
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("LineSplitter", () => {
  it("gives lines without empty ones, and the last one without its newline", () => {
    expect(split([bytes('{"a":1}\r\n\n  \n{"b"'), bytes(":2}")])).toEqual([
      { ok: true, text: '{"a":1}' },
      { ok: true, text: '{"b":2}' },
    ]);
  });

  it("gives the same lines however the bytes are cut", () => {
    const text = fc.array(fc.string({ unit: "grapheme" })).map((lines) => lines.join("\n"));
    fc.assert(
      fc.property(text, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (whole, cuts) => {
        const all = bytes(whole);
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < all.length; ) {
          const length = cuts.next().value as number;
          chunks.push(all.subarray(at, at + length));
          at += length;
        }
        expect(split(chunks)).toEqual(split([all]));
      }),
    );
  });

  it("passes over a line that is too long, and goes on with the next", () => {
    const lines = split([bytes("12345"), bytes("67890"), bytes("1\nok\n"), bytes("1234567890\n")], 10);
    expect(lines).toEqual([
      { ok: false, reason: "a line has more than 10 bytes" },
      { ok: true, text: "ok" },
      { ok: true, text: "1234567890" },
    ]);
  });

  it("keeps nothing of a buffer that its owner uses again", () => {
    const splitter = new LineSplitter();
    const buffer = bytes("first");
    splitter.push(buffer);
    buffer.fill(0x78);
    expect(splitter.push(bytes("\n"))).toEqual([{ ok: true, text: "first" }]);
  });

  it("tells of a line that isn't UTF-8", () => {
    expect(split([new Uint8Array([0xff, 0xfe, 0x0a])])).toEqual([{ ok: false, reason: "a line isn't UTF-8" }]);
  });
});
