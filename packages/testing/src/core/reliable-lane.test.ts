import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LanePacket, ReliableLane } from "./reliable-lane.js";

/** Of a message: no two share one. */
const labelOf = (number: number, bytes: number) => number * 1_000_000 + bytes;

/** Two lanes, and between them a network that loses and reorders what it is told to. */
function pair(maxRetransmits: number, fate: () => "lost" | "late" | "fine") {
  const got: number[] = [];
  const onTheWay: { readonly to: "a" | "b"; readonly packet: LanePacket }[] = [];
  const post = (to: "a" | "b") => (packet: LanePacket) => {
    const becomes = fate();
    if (becomes === "fine") onTheWay.push({ to, packet });
    if (becomes === "late") onTheWay.unshift({ to, packet });
  };
  const a = new ReliableLane({ maxRetransmits }, { transmit: post("b"), deliver: () => {} });
  const b = new ReliableLane(
    { maxRetransmits },
    {
      transmit: post("a"),
      deliver: (message) =>
        got.push(labelOf(new DataView(message.buffer, message.byteOffset).getUint32(0), message.length)),
    },
  );
  let nowMs = 0;
  const run = (): void => {
    for (let turn = 0; turn < 100_000; turn++) {
      const next = onTheWay.shift();
      if (next !== undefined) (next.to === "a" ? a : b).receive(next.packet, nowMs);
      else if (a.deadline() === undefined) return;
      else {
        nowMs = a.deadline() as number;
        a.wake(nowMs);
      }
    }
    throw new Error("it never comes to rest");
  };
  const send = (number: number, bytes: number): number => {
    const message = new Uint8Array(bytes);
    new DataView(message.buffer).setUint32(0, number);
    a.send(message, nowMs);
    return labelOf(number, bytes);
  };
  return { a, got, run, send };
}

const sizes = fc.array(fc.integer({ min: 4, max: 100_000 }), { minLength: 1, maxLength: 30 });

describe("a reliable lane", () => {
  it("brings each message once, whole and in order, whatever is lost or overtaken", () => {
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.integer({ min: 0, max: 9 })), (bytes, dice) => {
        const { got, run, send } = pair(Number.POSITIVE_INFINITY, () => {
          const roll = dice.next().value as number;
          return roll === 0 ? "lost" : roll < 3 ? "late" : "fine";
        });
        const sent = bytes.map((size, i) => send(i, size));
        run();
        expect(got).toEqual(sent);
      }),
      { numRuns: 50 },
    );
  });

  it("leaves out what was lost too often, and delivers the rest in order, where it is told to give up", () => {
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), (bytes, dice) => {
        const { a, got, run, send } = pair(1, () => (dice.next().value === 0 ? "lost" : "fine"));
        const sent = bytes.map((size, i) => send(i, size));
        run();
        expect(sent.filter((message) => got.includes(message))).toEqual(got);
        expect([a.bufferedBytes, a.deadline()]).toEqual([0, undefined]);
      }),
      { numRuns: 50 },
    );
  });

  it("holds back what is beyond its window, and says since when nothing was acknowledged", () => {
    const { a, run, send } = pair(Number.POSITIVE_INFINITY, () => "fine");
    for (let i = 0; i < 20; i++) send(i, 16 * 1_024);
    expect(a.bufferedBytes).toBe(16 * 16 * 1_024);
    expect(a.stuckSinceMs).toBe(0);
    run();
    expect([a.bufferedBytes, a.stuckSinceMs]).toEqual([0, undefined]);
  });
});
