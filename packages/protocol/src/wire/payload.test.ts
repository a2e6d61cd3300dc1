import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode } from "../codec/message-pack.js";
import { SkeinError } from "../errors.js";
import { limits } from "../limits.js";
import { decodePayload, encodePayload, type Payload } from "./payload.js";

const number = fc.maxSafeNat();
const body = fc.uint8Array({ maxLength: 100 }).map((bytes) => Uint8Array.from(bytes));
const anyPayload: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({
    kind: fc.constant("bind" as const),
    number,
    name: fc.string({ unit: "binary", minLength: 1, maxLength: 80 }),
  }),
  fc.record({ kind: fc.constant("message" as const), type: number, body }),
  fc.record({ kind: fc.constant("request" as const), type: number, request: number, body }),
  fc.record({ kind: fc.constant("response" as const), request: number, body }),
  fc.record({
    kind: fc.constant("failure" as const),
    request: number,
    code: fc.string({ minLength: 1, maxLength: 30 }),
    message: fc.string({ unit: "binary", maxLength: 200 }),
  }),
  fc.record({ kind: fc.constant("cancel" as const), request: number }),
  fc.record({
    kind: fc.constant("stream-open" as const),
    stream: number,
    credit: number,
    name: fc.string({ unit: "binary", minLength: 1, maxLength: 80 }),
  }),
  fc.record({ kind: fc.constant("stream-data" as const), stream: number, body }),
  fc.record({ kind: fc.constant("stream-credit" as const), stream: number, credit: number }),
  fc.record({ kind: fc.constant("stream-end" as const), stream: number }),
  fc.record({
    kind: fc.constantFrom("stream-reset" as const, "stream-stop" as const),
    stream: number,
    code: fc.string({ minLength: 1, maxLength: 30 }),
    message: fc.string({ unit: "binary", maxLength: 200 }),
  }),
);
const codeOf = (...bytes: number[]) => {
  const decoded = decodePayload(Uint8Array.from(bytes));
  return decoded.ok ? "accepted" : decoded.code;
};

describe("payloads", () => {
  it("round-trip", () => {
    fc.assert(
      fc.property(anyPayload, (payload) => {
        expect(decodePayload(encodePayload(payload))).toEqual({ ok: true, value: payload });
      }),
      { numRuns: 500 },
    );
  });

  it("are malformed where they end in their head", () => {
    const heads: number[][] = [
      [],
      [1],
      [1, 5],
      [2],
      [2, 0x80],
      [3],
      [3, 5],
      [3, 5, 0x80],
      [4],
      [5],
      [5, 1],
      [6],
      [6, 0x80, 0x00],
      [7],
      [7, 0],
      [7, 0, 5],
      [8],
      [9, 0],
      [10],
      [11, 0],
      [12, 0, 0xc0],
    ];
    for (const head of heads) expect(codeOf(...head)).toBe("malformed");
    expect(codeOf(2, 5)).toBe("accepted");
    expect(codeOf(3, 5, 6)).toBe("accepted");
  });

  it("of a kind that isn't known are of an unknown type, whatever follows", () => {
    for (const kind of [0, 13, 99, 255]) {
      expect(codeOf(kind)).toBe("unknown-type");
      expect(codeOf(kind, 0x80)).toBe("unknown-type");
      expect(codeOf(kind, 1, 2, 3)).toBe("unknown-type");
    }
  });

  it("never throw, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void decodePayload(bytes)),
      { numRuns: 1000 },
    );
  });

  it("bind names that are UTF-8 and within the limit, each by its own bytes", () => {
    expect(codeOf(1, 0, 0xff)).toBe("malformed");
    expect(codeOf(1, 0, ...new Array(2 * limits.nameLength + 2).fill(0x61))).toBe("malformed");
    expect(codeOf(1, 0, ...new Array(2 * limits.nameLength + 1).fill(0x61))).toBe("accepted");
    expect(decodePayload(Uint8Array.of(1, 0, 0xef, 0xbb, 0xbf, 0x61))).toMatchObject({ value: { name: "\ufeffa" } });
  });

  it("tell failures by code and text, cut to what the wire takes, within a pair too", () => {
    const cut = encodePayload({
      kind: "failure",
      request: 1,
      code: "handler-failed",
      message: `${"m".repeat(1023)}😀`,
    });
    expect(decodePayload(cut)).toMatchObject({ ok: true, value: { message: `${"m".repeat(1023)}\ufffd` } });
    expect(codeOf(5, 1, ...encode({ code: "", message: "" }))).toBe("malformed");
    expect(codeOf(5, 1, ...encode({ code: "closed" }))).toBe("malformed");
  });

  it("aren't written with numbers that none can read", () => {
    expect(() => encodePayload({ kind: "cancel", request: -1 })).toThrow(SkeinError);
    expect(() => encodePayload({ kind: "message", type: 1.5, body: new Uint8Array(0) })).toThrow(SkeinError);
  });
});
