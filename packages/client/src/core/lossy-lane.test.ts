import { decodeFrame, type WireRecord } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LossyLane } from "./lossy-lane.js";

type LossyRecord = Extract<WireRecord, { type: "lossy" }>;

function read(record: Uint8Array): LossyRecord {
  const records = decodeFrame(record);
  if (!records.ok || records.value[0]?.type !== "lossy") throw new Error("not a lossy record");
  return records.value[0];
}

const numbered = (lane: LossyLane, count: number) =>
  Array.from({ length: count }, (_, i) => read(lane.number(Uint8Array.of(i))));

describe("the lossy lane", () => {
  it("delivers all, in order, over a path that does nothing to it", () => {
    const lane = new LossyLane();
    const records = numbered(new LossyLane(), 100);
    expect(records.filter((record) => lane.receive(record))).toEqual(records);
    expect(lane.counts).toEqual({ sent: 0, received: 100, dropped: 0 });
  });

  it("delivers each at most once, in order, whatever is lost, repeated or reordered", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.array(fc.nat(), { maxLength: 300 }), (count, order) => {
        const records = numbered(new LossyLane(), count + 1);
        const lane = new LossyLane();
        // What the network makes of them: any of them, any number of times, in any order.
        const arrived = order.map((at) => records[at % records.length] as LossyRecord);
        const delivered = arrived.filter((record) => lane.receive(record)).map(({ sequence }) => sequence);
        expect(delivered).toEqual([...new Set(delivered)].sort((a, b) => a - b));
        // And no fewer than it must: each that is later than all before it.
        const isLatest = ({ sequence }: LossyRecord, at: number) =>
          arrived.slice(0, at).every((before) => before.sequence < sequence);
        const due = arrived.filter(isLatest);
        expect(delivered).toEqual(due.map(({ sequence }) => sequence));
      }),
    );
  });

  it("holds no more for slow handlers than its limit, and goes on once they are done", () => {
    const sender = new LossyLane();
    const lane = new LossyLane();
    const message = new Uint8Array(16_000);
    const take = () => lane.receive(read(sender.number(message)));
    expect(Array.from({ length: 20 }, take)).toEqual(Array.from({ length: 20 }, (_, at) => at < 17));
    expect(take()).toBe(false);
    lane.release(message.length);
    expect(take()).toBe(true);
    expect(take()).toBe(false);
  });

  it("takes the largest number there is, and nothing after it", () => {
    const lane = new LossyLane();
    const record = (sequence: number): LossyRecord => ({ type: "lossy", sequence, payload: Uint8Array.of(1) });
    expect(lane.receive(record(Number.MAX_SAFE_INTEGER))).toBe(true);
    expect(lane.receive(record(Number.MAX_SAFE_INTEGER))).toBe(false);
    expect(lane.receive(record(0))).toBe(false);
  });
});
