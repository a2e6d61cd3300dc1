import { decodeFrame, type WireRecord } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Session } from "./session.js";

type Data = Extract<WireRecord, { type: "data" }>;

function recorded() {
  const transmitted: Data[] = [];
  const delivered: Uint8Array[] = [];
  const violations: string[] = [];
  const session = new Session({
    transmit: (record) => {
      const frame = decodeFrame(record);
      if (frame.ok) transmitted.push(...(frame.value as Data[]));
    },
    deliver: (payload) => delivered.push(payload),
    violate: (reason) => violations.push(reason),
  });
  return { session, transmitted, delivered, violations };
}

const data = (sequence: number): Data => ({ type: "data", sequence, payload: Uint8Array.of(sequence) });

describe("a session", () => {
  it("numbers from 0, and delivers what the other side numbered, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (payloads) => {
        const from = recorded();
        const to = recorded();
        for (const payload of payloads) from.session.send(payload);
        expect(from.transmitted.map(({ sequence }) => sequence)).toEqual(payloads.map((_, i) => i));
        for (const record of from.transmitted) to.session.receive(record);
        expect(to.delivered.map((payload) => [...payload])).toEqual(payloads.map((payload) => [...payload]));
        expect(to.violations).toEqual([]);
        expect(from.session.counts.sent).toBe(payloads.length);
        expect(to.session.counts.received).toBe(payloads.length);
      }),
    );
  });

  it.each([
    ["a gap", [0, 2], [0], "record 2 came where 1 was due"],
    ["a repeat", [0, 1, 1], [0, 1], "record 1 came where 2 was due"],
    ["an old record", [0, 1, 0], [0, 1], "record 0 came where 2 was due"],
    ["a wrong start", [1], [], "record 1 came where 0 was due"],
  ])("takes %s for a violation, and delivers nothing of it", (_name, sequences, delivered, violation) => {
    const { session, ...seen } = recorded();
    for (const sequence of sequences) session.receive(data(sequence));
    expect(seen.delivered.map(([first]) => first)).toEqual(delivered);
    expect(seen.violations).toEqual([violation]);
    expect(session.counts).toEqual({ sent: 0, received: delivered.length });
  });

  it("delivers each number once and without a gap, whatever order comes", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 40 }), (sequences) => {
        const { session, delivered } = recorded();
        for (const sequence of sequences) session.receive(data(sequence));
        expect(delivered.map(([first]) => first)).toEqual(delivered.map((_, i) => i));
      }),
    );
  });
});
