import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../bytes.js";
import { encode } from "../codec/message-pack.js";
import { SkeinError } from "../errors.js";
import { limits } from "../limits.js";
import {
  dataRecordBytes,
  decodeFrame,
  encodeAcknowledgement,
  encodeClose,
  encodeHello,
  encodeLossy,
  encodePing,
  encodePong,
  laneCount,
  type WireRecord,
  writeData,
} from "./record.js";

const number = fc.maxSafeNat();
const credit = fc.array(number, { minLength: laneCount, maxLength: laneCount });
const word = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !text.includes("__proto__"));
const anyRecord: fc.Arbitrary<WireRecord> = fc.oneof(
  fc.record({
    type: fc.constant("data" as const),
    sequence: number,
    lane: fc.nat(laneCount - 1),
    last: fc.boolean(),
    payload: fc.uint8Array({ maxLength: 300 }),
  }),
  fc.record({
    type: fc.constant("acknowledgement" as const),
    acknowledgement: fc.record({ next: number, credit }),
  }),
  fc.record({
    type: fc.constant("lossy" as const),
    sequence: number,
    payload: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  }),
  fc.record({ type: fc.constantFrom("ping" as const, "pong" as const), token: number }),
  fc.record({
    type: fc.constant("close" as const),
    close: fc.record({ code: word, reason: fc.string({ maxLength: 50 }) }),
  }),
  fc.record({
    type: fc.constant("hello" as const),
    hello: fc.record(
      {
        link: fc.uint8Array({ minLength: 8, maxLength: 8 }),
        of: fc.uint8Array({ minLength: 8, maxLength: 8 }),
        next: number,
        credit,
        protocols: fc.dictionary(fc.constantFrom("acme.chat", "acme.files"), fc.constant<string[]>(["1.0.0"]), {
          noNullPrototype: true,
        }),
        features: fc.array(word, { maxLength: 5 }),
      },
      { requiredKeys: ["link", "next", "credit", "protocols", "features"] },
    ),
  }),
);

function dataOf(sequence: number, body: Uint8Array, lane = 1, last = true): Uint8Array {
  const record = new Uint8Array(dataRecordBytes(sequence, body.length));
  const end = writeData(record, 0, sequence, { lane, last, body });
  if (end !== record.length) throw new Error(`it wrote ${end} bytes, and said ${record.length}`);
  return record;
}

function encoded(record: WireRecord): Uint8Array {
  switch (record.type) {
    case "hello":
      return encodeHello(record.hello);
    case "data":
      return dataOf(record.sequence, record.payload, record.lane, record.last);
    case "acknowledgement":
      return encodeAcknowledgement(record.acknowledgement);
    case "ping":
      return encodePing(record.token);
    case "pong":
      return encodePong(record.token);
    case "close":
      return encodeClose(record.close);
    case "lossy":
      return encodeLossy(record.sequence, record.payload);
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

  it("pass over records of types that aren't known", () => {
    const frame = concatBytes(raw(77, 1, 2), encodePing(1), raw(0), raw(200, 9, 9, 9), encodePong(2), raw(99));
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
    // A type, three bytes of length, the lane, and the longest sequence.
    const largest = dataOf(Number.MAX_SAFE_INTEGER, new Uint8Array(limits.frameBytes - 13));
    expect(largest.length).toBe(limits.frameBytes);
    expect(codeOf(largest)).toBe("accepted");
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
      raw(2, 1),
      raw(2, 1, 0x80),
      raw(2, 1, 0x80, 0x00),
      raw(2, 8, 0),
      raw(3),
      raw(3, 0, 0, 0),
      raw(3, 0, 0, 0, 0x80),
      raw(4),
      raw(4, 1, 1),
      raw(5),
      raw(5, 0x80),
      raw(6),
      raw(6, 0x80),
      raw(7),
      raw(7, 1),
      raw(7, 0x80, 0x00, 1),
      Uint8Array.of(4, 0x81, 0x00, 1),
      Uint8Array.of(4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
    ];
    for (const body of bodies) expect(codeOf(body)).toBe("malformed");
  });

  it("hold a HELLO and a CLOSE to their fields", () => {
    const hello = { link: new Uint8Array(8), next: 0, credit: [0, 0, 0], protocols: {}, features: [] };
    const record = (type: number, value: unknown) => {
      const body = encode(value);
      return concatBytes(Uint8Array.of(type, (body.length % 0x80) | 0x80, Math.floor(body.length / 0x80)), body);
    };
    const pad = "p".repeat(120);
    expect(codeOf(record(1, { ...hello, pad }))).toBe("accepted");
    expect(codeOf(record(1, { ...hello, pad, link: new Uint8Array(7) }))).toBe("malformed");
    expect(codeOf(record(1, { ...hello, pad, of: new Uint8Array(8) }))).toBe("accepted");
    expect(codeOf(record(1, { ...hello, pad, of: new Uint8Array(9) }))).toBe("malformed");
    for (const wrong of [[], [0, 0], [0, 0, 0, 0], [0, 0, -1]]) {
      expect(codeOf(record(1, { ...hello, pad, credit: wrong }))).toBe("malformed");
    }
    const { next: _, ...withoutNext } = hello;
    expect(codeOf(record(1, { ...withoutNext, pad }))).toBe("malformed");
    expect(codeOf(record(1, { ...hello, pad, features: new Array(65).fill("f") }))).toBe("malformed");
    expect(codeOf(record(6, { code: "left", reason: "", pad }))).toBe("accepted");
    expect(codeOf(record(6, { code: "left", reason: "r".repeat(257) }))).toBe("malformed");
    expect(codeOf(record(6, { code: "", reason: "", pad }))).toBe("malformed");
  });

  it("hold a lossy message to its limit: it isn't cut", () => {
    expect(codeOf(encodeLossy(Number.MAX_SAFE_INTEGER, new Uint8Array(limits.lossyBytes)))).toBe("accepted");
    expect(codeOf(encodeLossy(0, new Uint8Array(limits.lossyBytes + 1)))).toBe("over-limit");
  });

  it("may hold more in an acknowledgement than is known: lanes that come later", () => {
    expect(decodeFrame(raw(3, 7, 1, 2, 3, 4))).toEqual({
      ok: true,
      value: [{ type: "acknowledgement", acknowledgement: { next: 7, credit: [1, 2, 3] } }],
    });
  });

  it("aren't written with numbers that none can read", () => {
    for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => encodePing(wrong)).toThrow(SkeinError);
      expect(() => writeData(new Uint8Array(20), 0, wrong, { lane: 1, last: true, body: new Uint8Array(0) })).toThrow(
        SkeinError,
      );
      expect(() => encodeLossy(wrong, Uint8Array.of(1))).toThrow(SkeinError);
      expect(() => encodeAcknowledgement({ next: wrong, credit: [0, 0, 0] })).toThrow(SkeinError);
    }
  });
});
