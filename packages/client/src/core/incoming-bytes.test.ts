import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IncomingBytes } from "./incoming-bytes.js";
import { OutgoingBytes } from "./outgoing-bytes.js";

const windowBytes = 100;

describe("two halves of a stream", () => {
  it("carry all bytes in order, hold no more than a window, and never break a rule", () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant("write" as const), most: fc.integer({ min: 1, max: 150 }) }),
      fc.record({ do: fc.constantFrom("arrive" as const, "credit" as const, "read" as const, "read" as const) }),
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("end" as const, "stop" as const) }) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const incoming = new IncomingBytes(windowBytes);
        const outgoing = new OutgoingBytes(windowBytes);
        const underWay: (Uint8Array | "end")[] = [];
        const credits: number[] = [];
        const read: number[] = [];
        let written = 0;
        let isStopped = false;
        const arrive = () => {
          const next = underWay.shift();
          if (next !== undefined)
            expect(next === "end" ? incoming.finish("ended") : incoming.take(next)).toBeUndefined();
          expect(incoming.waitingBytes).toBeLessThanOrEqual(windowBytes);
          return next !== undefined;
        };
        const take = () => {
          const bytes = incoming.read();
          for (const byte of bytes ?? []) read.push(byte);
          const credit = incoming.dueCredit();
          if (credit !== undefined) credits.push(credit);
          return bytes !== undefined;
        };
        for (const step of actions) {
          if (step.do === "write") {
            const bytes = outgoing.take(step.most);
            if (bytes > 0) underWay.push(Uint8Array.from({ length: bytes }, () => written++));
          } else if (step.do === "arrive") arrive();
          else if (step.do === "read") take();
          else if (step.do === "credit") outgoing.grant(credits.shift() ?? 0);
          else if (step.do === "end") {
            if (outgoing.finish()) underWay.push("end");
          } else {
            incoming.stop();
            isStopped = true;
          }
          expect(outgoing.isOver && outgoing.take(1) > 0).toBe(false);
        }
        while (arrive());
        while (take());
        const whole = Array.from({ length: written }, (_, i) => i & 0xff);
        expect(read).toEqual(isStopped ? whole.slice(0, read.length) : whole);
        if (!isStopped) expect(incoming.isDrained).toBe(outgoing.isOver);
        expect(incoming.isOver).toBe(outgoing.isOver);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("incoming bytes", () => {
  it("grant again what was read, a quarter of the window at a time", () => {
    const incoming = new IncomingBytes(windowBytes);
    incoming.take(new Uint8Array(24));
    incoming.read();
    expect(incoming.dueCredit()).toBeUndefined();
    incoming.take(new Uint8Array(1));
    incoming.read();
    expect([incoming.dueCredit(), incoming.dueCredit()]).toEqual([windowBytes + 25, undefined]);
  });

  it("grant nothing for what waits, or where nobody reads any more", () => {
    const incoming = new IncomingBytes(windowBytes);
    incoming.take(new Uint8Array(100));
    expect(incoming.dueCredit()).toBeUndefined();
    incoming.stop();
    expect([incoming.waitingBytes, incoming.dueCredit()]).toEqual([0, undefined]);
  });

  it("refuse more than was granted, and anything behind the end", () => {
    const over = new IncomingBytes(windowBytes);
    expect(over.take(new Uint8Array(windowBytes + 1))).toContain("more");
    for (const phase of ["ended", "reset"] as const) {
      const incoming = new IncomingBytes(windowBytes);
      expect(incoming.finish(phase)).toBeUndefined();
      expect(incoming.take(new Uint8Array(1))).toContain("behind");
      expect(incoming.finish("ended")).toContain("twice");
      expect(incoming.finish("reset")).toContain("twice");
    }
  });

  it("are held to their window also where nobody reads any more", () => {
    const incoming = new IncomingBytes(windowBytes);
    incoming.stop();
    expect(incoming.take(new Uint8Array(windowBytes))).toBeUndefined();
    expect(incoming.take(new Uint8Array(1))).toContain("more");
  });

  it("that end stay to be read; those that are reset don't", () => {
    const ended = new IncomingBytes(windowBytes);
    ended.take(new Uint8Array(3));
    ended.finish("ended");
    expect(ended.isDrained).toBe(false);
    expect(ended.read()).toHaveLength(3);
    expect(ended.isDrained).toBe(true);
    const reset = new IncomingBytes(windowBytes);
    reset.take(new Uint8Array(3));
    reset.finish("reset");
    expect([reset.read(), reset.isDrained, reset.isOver]).toEqual([undefined, false, true]);
  });
});
