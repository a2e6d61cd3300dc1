import type { PeerId } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FetchEffect, FetchEvent } from "./fetch-events.js";
import { FetchPlan, silentMs } from "./fetch-plan.js";

const id = (number: number) => `holder-${number}` as PeerId;
const nobodyMs = 30_000;
const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const types = (effects: readonly FetchEffect[]) => effects.map(({ type }) => type);

/** A plan with its list, and these holders. */
function begun(chunks: number, holders: readonly number[]): { plan: FetchPlan; effects: FetchEffect[] } {
  const plan = new FetchPlan(nobodyMs, 0);
  for (const holder of holders) plan.handle({ type: "holder", holder: id(holder) }, 0);
  plan.handle({ type: "list", holder: id(holders[0] ?? 1), is: "right" }, 0);
  return { plan, effects: [...plan.handle({ type: "begin", chunks, missing: range(chunks) }, 0)] };
}

describe("a fetch's plan", () => {
  it("asks one holder for the list, and the next where that one lies", () => {
    const plan = new FetchPlan(nobodyMs, 0);
    expect(plan.handle({ type: "holder", holder: id(1) }, 0)).toEqual([{ type: "ask-list", holder: id(1) }]);
    expect(plan.handle({ type: "holder", holder: id(2) }, 0)).toEqual([]);
    expect(plan.handle({ type: "list", holder: id(1), is: "wrong" }, 1)).toEqual([
      { type: "drop", holder: id(1), reason: "lied" },
      { type: "ask-list", holder: id(2) },
    ]);
    // Also when it comes back.
    plan.handle({ type: "lost", holder: id(1) }, 2);
    expect(plan.handle({ type: "holder", holder: id(1) }, 2)).toEqual([]);
  });

  it("is done at once where nothing is missing", () => {
    const plan = new FetchPlan(nobodyMs, 0);
    plan.handle({ type: "holder", holder: id(1) }, 0);
    plan.handle({ type: "list", holder: id(1), is: "right" }, 0);
    expect(types(plan.handle({ type: "begin", chunks: 3, missing: [] }, 0))).toEqual(["done"]);
    expect(plan.deadline()).toBeUndefined();
  });

  it("gives a lost holder's chunks to the others, and counts why", () => {
    const { plan, effects } = begun(2, [1, 2]);
    expect(effects).toEqual([
      { type: "ask", holder: id(1), chunks: [0] },
      { type: "ask", holder: id(2), chunks: [1] },
    ]);
    plan.handle({ type: "chunk", holder: id(2), index: 1, is: "right" }, 10);
    expect(plan.handle({ type: "lost", holder: id(1) }, 20)).toEqual([{ type: "ask", holder: id(2), chunks: [0] }]);
    expect(plan.counts).toEqual({ asked: 3, again: 1, overtaken: 0, late: 0 });
  });

  it("asks a fast holder for what a slow one has at the end, and takes whichever comes first", () => {
    const { plan } = begun(2, [1, 2]);
    plan.handle({ type: "chunk", holder: id(2), index: 1, is: "right" }, 10);
    const atMs = plan.deadline()?.atMs ?? 0;
    expect(atMs).toBe(1_000);
    expect(plan.handle({ type: "woke" }, atMs)).toEqual([{ type: "ask", holder: id(2), chunks: [0] }]);
    expect(plan.counts).toEqual({ asked: 3, again: 0, overtaken: 1, late: 0 });
    expect(types(plan.handle({ type: "chunk", holder: id(1), index: 0, is: "right" }, atMs + 1))).toEqual(["done"]);
  });

  it("fails where nobody has it for long enough, and waits while somebody may come back", () => {
    const { plan } = begun(2, [1]);
    plan.handle({ type: "lost", holder: id(1) }, 1_000);
    expect(plan.deadline()?.atMs).toBe(1_000 + nobodyMs);
    plan.handle({ type: "holder", holder: id(1) }, 20_000);
    plan.handle({ type: "lost", holder: id(1) }, 21_000);
    expect(plan.handle({ type: "woke" }, 1_000 + nobodyMs)).toEqual([]);
    expect(types(plan.handle({ type: "woke" }, 21_000 + nobodyMs))).toEqual(["failed"]);
  });

  it("drops a holder that is silent, and not one that brings something", () => {
    const { plan } = begun(40, [1]);
    plan.handle({ type: "chunk", holder: id(1), index: 0, is: "right" }, silentMs - 1);
    expect(plan.handle({ type: "woke" }, silentMs)).toEqual([]);
    expect(plan.handle({ type: "woke" }, 2 * silentMs - 1)).toMatchObject([{ type: "drop", reason: "silent" }]);
  });

  it("trusts nobody again whose list was wrong, though it came when the holder was dropped already", () => {
    const plan = new FetchPlan(nobodyMs, 0);
    plan.handle({ type: "holder", holder: id(1) }, 0);
    plan.handle({ type: "lacks", holder: id(1) }, 1);
    plan.handle({ type: "list", holder: id(1), is: "wrong" }, 2);
    expect(plan.handle({ type: "holder", holder: id(1) }, 3)).toEqual([]);
    expect(plan.handle({ type: "holder", holder: id(2) }, 4)).toMatchObject([{ type: "ask-list", holder: id(2) }]);
  });

  it("asks for no chunk twice without a reason, trusts no liar again, and ends, whatever happens", () => {
    const step = fc.tuple(
      fc.constantFrom("answer", "answer", "answer", "lie", "lose", "meet", "lacks", "wait"),
      fc.nat(3),
      fc.nat(3_000),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.array(step, { maxLength: 120 }), (chunks, steps) => {
        const plan = new FetchPlan(nobodyMs, 0);
        const open = new Map<PeerId, Set<number>>();
        const [liars, right] = [new Set<PeerId>(), new Set<number>()];
        let [asked, freed, nowMs, listing]: [number, number, number, PeerId | undefined] = [0, 0, 0, undefined];
        let end: string | undefined;
        const free = (holder: PeerId) => {
          freed += open.get(holder)?.size ?? 0;
          open.delete(holder);
        };
        const feed = (event: FetchEvent) => {
          for (const effect of plan.handle(event, nowMs)) {
            expect(end).toBeUndefined();
            if (effect.type === "ask-list") listing = effect.holder;
            if (effect.type === "drop") free(effect.holder);
            if (effect.type === "done" || effect.type === "failed") end = effect.type;
            if (effect.type !== "ask") continue;
            expect(liars.has(effect.holder)).toBe(false);
            for (const index of effect.chunks) {
              expect(right.has(index)).toBe(false);
              const of = open.get(effect.holder) ?? new Set();
              expect(of.has(index)).toBe(false);
              open.set(effect.holder, of.add(index));
              asked++;
            }
          }
        };
        const turn = (what: string, holder: PeerId) => {
          if (what === "meet") return feed({ type: "holder", holder });
          if (what === "lose") free(holder);
          if (what === "lose") return feed({ type: "lost", holder });
          if (what === "lacks") return feed({ type: "lacks", holder });
          if (what === "wait") {
            nowMs = Math.max(nowMs, plan.deadline()?.atMs ?? nowMs);
            return feed({ type: "woke" });
          }
          if (listing === holder) {
            listing = undefined;
            const isLie = what === "lie";
            if (isLie) liars.add(holder);
            feed({ type: "list", holder, is: isLie ? "wrong" : "right" });
            return isLie ? undefined : feed({ type: "begin", chunks, missing: range(chunks) });
          }
          const index = open.get(holder)?.values().next().value;
          if (index === undefined) return;
          if (what === "lie") {
            liars.add(holder);
            return feed({ type: "chunk", holder, index, is: "wrong" });
          }
          open.get(holder)?.delete(index);
          right.add(index);
          feed({ type: "chunk", holder, index, is: "right" });
        };
        for (const [what, number, afterMs] of steps) {
          nowMs += afterMs;
          turn(what, id(number));
        }
        const { again, overtaken } = plan.counts;
        expect(plan.counts.asked).toBe(asked);
        expect(again).toBeLessThanOrEqual(freed);
        expect(asked).toBeLessThanOrEqual(chunks + again + overtaken);
        // Nobody does anything any more, and those who are left say nothing: it ends by its own deadlines.
        for (let turns = 0; end === undefined; turns++) {
          expect(turns).toBeLessThan(200);
          const deadline = plan.deadline();
          expect(deadline).toBeDefined();
          nowMs = Math.max(nowMs, deadline?.atMs ?? 0);
          feed({ type: "woke" });
        }
        if (end === "done") expect(right.size).toBe(chunks);
      }),
      { numRuns: 1_000 },
    );
  });
});
