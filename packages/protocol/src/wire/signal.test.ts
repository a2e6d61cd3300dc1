import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode } from "../codec/message-pack.js";
import { limits } from "../limits.js";
import { decodeSignal, encodeSignal, type Signal } from "./signal.js";

const candidate = { c: "candidate:1 1 udp 1 192.0.2.1 9 typ host", mid: "0" };
const signals: Signal[] = [
  { t: "offer", g: 1, sdp: "v=0\r\n" },
  { t: "answer", g: 1, sdp: "v=0\r\n" },
  { t: "offer", g: 1, n: 1, sdp: "v=0\r\n" },
  { t: "answer", g: 1, n: 1, sdp: "v=0\r\n" },
  { t: "candidates", g: 1, u: "ufrg", list: [candidate, candidate] },
  { t: "candidates", g: 1, u: "ufrg", list: [] },
  { t: "bye", g: 3, reason: "left" },
];

describe("signals", () => {
  for (const signal of signals) {
    it(`${Object.keys(signal).join(", ")} of ${signal.t}: round-trips, ignores what it doesn't know, misses nothing it needs`, () => {
      expect(decodeSignal(encodeSignal(signal))).toEqual({ ok: true, value: signal });
      expect(decodeSignal(encode({ ...signal, later: 1 }))).toEqual({ ok: true, value: signal });
      for (const field of Object.keys(signal)) {
        const without = decodeSignal(encode({ ...signal, [field]: undefined }));
        if (field !== "n") expect(without).toMatchObject({ code: "malformed" });
        expect(decodeSignal(encode({ ...signal, [field]: { odd: 1 } }))).toMatchObject({ code: "malformed" });
      }
    });
  }

  it("never throw, whatever the bytes", () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom(...signals), fc.array(change, { maxLength: 4 }), (signal, changes) => {
        const body = Uint8Array.from(encodeSignal(signal));
        for (const [at, byte] of changes) body[at % body.length] = byte;
        decodeSignal(body);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeSignal(bytes).ok).toBe(false);
      }),
    );
  });

  it("are held to the limits", () => {
    expect(decodeSignal(new Uint8Array(limits.signalBytes + 1))).toMatchObject({ code: "over-limit" });
    const many = new Array(limits.candidates + 1).fill({ c: "c", mid: "0" });
    expect(decodeSignal(encode({ t: "candidates", g: 0, u: "u", list: many }))).toMatchObject({ code: "malformed" });
    const long = [{ c: "c".repeat(limits.candidateLength + 1), mid: "0" }];
    expect(decodeSignal(encode({ t: "candidates", g: 0, u: "u", list: long }))).toMatchObject({ code: "malformed" });
    for (const g of [-1, 1.5, "1", 2 ** 53]) {
      expect(decodeSignal(encode({ t: "offer", g, sdp: "" }))).toMatchObject({ code: "malformed" });
      expect(decodeSignal(encode({ t: "offer", g: 1, n: g, sdp: "" }))).toMatchObject({ code: "malformed" });
    }
  });

  it("of another type are of an unknown type", () => {
    expect(decodeSignal(encode({ t: "renegotiate", g: 1 }))).toMatchObject({ code: "unknown-type" });
  });
});
