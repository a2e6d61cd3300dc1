import { peerIdOf } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Workers } from "./workers.js";

const idOf = (number: number) => peerIdOf(new Uint8Array(32).fill(number));
const [ann, ben] = [idOf(1), idOf(2)];
const demand = { capabilities: ["work"] };
const none: ReadonlySet<never> = new Set();

describe("workers", () => {
  it("are chosen by what they have to do, those that had it before last, and in turns where that is the same", () => {
    const workers = new Workers();
    workers.set(ann, ["work"], 0.5);
    workers.set(ben, ["work"], 0.2);
    expect(workers.choose("work", demand, none, 0)).toEqual({ is: "worker", id: ben });
    expect(workers.choose("work", demand, new Set([ben]), 0)).toEqual({ is: "worker", id: ann });
    workers.set(ann, ["work"], 0.2);
    workers.give(ben, "one");
    workers.take(ben, "one");
    expect(workers.choose("work", demand, none, 0)).toEqual({ is: "worker", id: ann });
    workers.give(ann, "two");
    expect(workers.choose("work", demand, none, 0)).toEqual({ is: "worker", id: ben });
    expect(workers.choose("work", { ...demand, to: ann }, none, 0)).toEqual({ is: "worker", id: ann });
    expect(workers.choose("work", demand, none, 0, ben)).toEqual({ is: "worker", id: ann });
  });

  it("aren't asked while they are busy, until their time is over, they are done with one, or say that they have less to do", () => {
    const workers = new Workers();
    workers.set(ann, ["work"], 0.5);
    const choose = (nowMs: number) => workers.choose("work", demand, none, nowMs);
    workers.markBusy(ann, "work", 0);
    expect(choose(0)).toEqual({ is: "busy", untilMs: 50 });
    expect(choose(50)).toEqual({ is: "worker", id: ann });
    workers.markBusy(ann, "work", 50);
    expect(choose(50)).toEqual({ is: "busy", untilMs: 150 });
    workers.clear(ann, "work");
    expect(choose(50)).toEqual({ is: "worker", id: ann });
    workers.markUnable(ann, "work");
    expect(choose(1e9)).toEqual({ is: "nobody" });
    workers.set(ann, ["work"], 0.5);
    expect(choose(1e9)).toEqual({ is: "nobody" });
    workers.set(ann, ["work"], 0.4);
    expect(choose(1e9)).toEqual({ is: "worker", id: ann });
  });

  it("are those that can do all of it, whatever they said before", () => {
    const said = fc.record({
      by: fc.integer({ min: 1, max: 4 }),
      capabilities: fc.uniqueArray(fc.constantFrom("work", "gpu", "ocr")),
      isHere: fc.boolean(),
    });
    const wanted = fc.uniqueArray(fc.constantFrom("work", "gpu", "ocr"));
    fc.assert(
      fc.property(fc.array(said), wanted, (words, capabilities) => {
        const workers = new Workers();
        const now = new Map<number, readonly string[]>();
        for (const { by, capabilities: can, isHere } of words) {
          if (isHere) workers.set(idOf(by), can, 0);
          else workers.remove(idOf(by));
          if (isHere) now.set(by, can);
          else now.delete(by);
        }
        const able = [...now].filter(([, can]) => capabilities.every((one) => can.includes(one)));
        for (const by of [1, 2, 3, 4]) {
          const isAble = able.some(([number]) => number === by);
          expect(workers.fits(idOf(by), { capabilities })).toBe(isAble);
          const choice = workers.choose("x", { capabilities, to: idOf(by) }, none, 0);
          expect(choice).toEqual(isAble ? { is: "worker", id: idOf(by) } : { is: "nobody" });
        }
      }),
    );
  });
});
