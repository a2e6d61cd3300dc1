import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../bytes.js";
import { encode } from "../codec/message-pack.js";
import { SkeinError } from "../errors.js";
import { limits } from "../limits.js";
import {
  dataOverheadBytes,
  decodeFrame,
  encodeClose,
  encodeData,
  encodeHello,
  encodePing,
  encodePong,
  type WireRecord,
} from "./record.js";

const number = fc.maxSafeNat();
const word = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !text.includes("__proto__"));
const anyRecord: fc.Arbitrary<WireRecord> = fc.oneof(
  fc.record({ type: fc.constant("data" as const), sequence: number, payload: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ type: fc.constantFrom("ping" as const, "pong" as const), token: number }),
  fc.record({
    type: fc.constant("close" as const),
    close: fc.record({ code: word, reason: fc.string({ maxLength: 50 }) }),
  }),
  fc.record({
    type: fc.constant("hello" as const),
    hello: fc.record({
      link: fc.uint8Array({ minLength: 8, maxLength: 8 }),
      protocols: fc.dictionary(fc.constantFrom("acme.chat", "acme.files"), fc.constant<string[]>(["1.0.0"]), {
        noNullPrototype: true,
      }),
      features: fc.array(word, { maxLength: 5 }),
    }),
  }),
);

function encoded(record: WireRecord): Uint8Array {
  switch (record.type) {
    case "hello":
      return encodeHello(record.hello);
    case "data":
      return encodeData(record.sequence, record.payload);
    case "ping":
      return encodePing(record.token);
    case "pong":
      return encodePong(record.token);
    case "close":
      return encodeClose(record.close);
  }
}

/** A record of any type: `type ‖ varint length ‖ body`, for lengths below 128. */
const raw = (type: number, ...body: number[]) => Uint8Array.of(type, body.length, ...body);
const codeOf = (frame: Uint8Array) => {
  const decoded = decodeFrame(frame);
  return decoded.ok ? "accepted" : decoded.code;
};

describe("frames", () => {
  it("carry any run of records, in order", () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 12 }), (records) => {
        const frame = concatBytes(...records.map(encoded));
        expect(JSON.stringify(decodeFrame(frame))).toBe(JSON.stringify({ ok: true, value: records }));
      }),
    );
  });

  it("pass over records of types that aren't known, type 3 too: it is kept for acknowledgements", () => {
    const frame = concatBytes(raw(3, 1, 2), encodePing(1), raw(0), raw(200, 9, 9, 9), encodePong(2), raw(7));
    expect(decodeFrame(frame)).toEqual({
      ok: true,
      value: [
        { type: "ping", token: 1 },
        { type: "pong", token: 2 },
      ],
    });
  });

  it("are rejected whole where they end in the middle of a record", () => {
    fc.assert(
      fc.property(anyRecord, anyRecord, fc.nat(), (first, last, cut) => {
        const end = encoded(last);
        const frame = concatBytes(encoded(first), end.subarray(0, (cut % (end.length - 1)) + 1));
        expect(codeOf(frame)).toBe(cut % (end.length - 1) === end.length - 1 ? "accepted" : "malformed");
      }),
    );
  });

  it("never throw, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeFrame(bytes)),
      { numRuns: 2000 },
    );
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 5 }), fc.array(change), (records, changes) => {
        const frame = concatBytes(...records.map(encoded));
        for (const [at, byte] of changes) frame[at % frame.length] = byte;
        decodeFrame(frame);
      }),
    );
  });

  it("are held to the limit", () => {
    expect(codeOf(new Uint8Array(limits.frameBytes + 1))).toBe("over-limit");
    const payload = new Uint8Array(limits.frameBytes - dataOverheadBytes);
    expect(codeOf(encodeData(Number.MAX_SAFE_INTEGER, payload))).toBe("accepted");
    expect(encodeData(Number.MAX_SAFE_INTEGER, payload).length).toBe(limits.frameBytes);
  });

  it("are empty or not, as they come", () => {
    expect(decodeFrame(new Uint8Array(0))).toEqual({ ok: true, value: [] });
  });
});

describe("records", () => {
  it("are malformed where their body isn't what their type says", () => {
    const bodies = [
      raw(1),
      raw(1, 0xc0),
      raw(2),
      raw(2, 0x80),
      raw(2, 0x80, 0x00),
      raw(4),
      raw(4, 1, 1),
      raw(5),
      raw(5, 0x80),
      raw(6),
      raw(6, 0x80),
      Uint8Array.of(4, 0x81, 0x00, 1),
      Uint8Array.of(4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
    ];
    for (const body of bodies) expect(codeOf(body)).toBe("malformed");
  });

  it("hold a HELLO and a CLOSE to their fields", () => {
    const hello = { link: new Uint8Array(8), protocols: {}, features: [] };
    const record = (type: number, value: unknown) => {
      const body = encode(value);
      return concatBytes(Uint8Array.of(type, (body.length % 0x80) | 0x80, Math.floor(body.length / 0x80)), body);
    };
    const pad = "p".repeat(120);
    expect(codeOf(record(1, { ...hello, pad }))).toBe("accepted");
    expect(codeOf(record(1, { ...hello, pad, link: new Uint8Array(7) }))).toBe("malformed");
    expect(codeOf(record(1, { ...hello, pad, features: new Array(65).fill("f") }))).toBe("malformed");
    expect(codeOf(record(6, { code: "left", reason: "", pad }))).toBe("accepted");
    expect(codeOf(record(6, { code: "left", reason: "r".repeat(257) }))).toBe("malformed");
    expect(codeOf(record(6, { code: "", reason: "", pad }))).toBe("malformed");
  });

  it("aren't written with numbers that none can read", () => {
    for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => encodePing(wrong)).toThrow(SkeinError);
      expect(() => encodeData(wrong, new Uint8Array(0))).toThrow(SkeinError);
    }
  });
});
