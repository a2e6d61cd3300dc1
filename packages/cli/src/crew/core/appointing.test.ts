import fc from "fast-check";
import { expect, it } from "vitest";
import { type Appointing, appoint, following, type Sight } from "./appointing.js";

const sight = (change: Partial<Sight> = {}): Sight => ({ leads: true, keepers: [], candidates: ["a", "b"], ...change });

/** Looks again and again, each time that it asks for. */
function until(state: Appointing, seen: Sight, nowMs: number): { propose: string | undefined; atMs: number } {
  for (let atMs = nowMs, left = 10; left > 0; left--) {
    const next = appoint(state, { type: "look", sight: seen }, atMs);
    if (next.propose !== undefined) return { propose: next.propose, atMs };
    state = next.state;
    if (state.phase !== "watching" || state.untilMs === undefined) break;
    atMs = state.untilMs;
  }
  return { propose: undefined, atMs: nowMs };
}

it("puts the best to the vote once nobody has kept the index for a second", () => {
  expect(until(following, sight(), 100)).toEqual({ propose: "a", atMs: 1_100 });
});

it("does the same where two keep it, as after a room that was divided", () => {
  expect(until(following, sight({ keepers: ["a", "b"] }), 0).propose).toBe("a");
});

it("does nothing where one keeps it, nobody could, or another leads", () => {
  for (const seen of [sight({ keepers: ["b"] }), sight({ candidates: [] }), sight({ leads: false })]) {
    expect(until(following, seen, 0).propose).toBeUndefined();
  }
});

it("holds one vote at a time, and another one after it where it came to nothing", () => {
  const voting: Appointing = { phase: "voting" };
  expect(appoint(voting, { type: "look", sight: sight() }, 9_000)).toEqual({ state: voting });
  const { state, propose } = appoint(voting, { type: "voted", sight: sight() }, 9_000);
  expect([state, propose]).toEqual([{ phase: "watching", untilMs: 10_000 }, undefined]);
});

it("proposes nothing unless it leads, and somebody is there to be proposed", () => {
  const ids = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 });
  const event = fc.record({
    type: fc.constantFrom("look" as const, "voted" as const),
    sight: fc.record({ leads: fc.boolean(), keepers: ids, candidates: ids }),
    laterMs: fc.nat(2_000),
  });
  fc.assert(
    fc.property(fc.array(event), (events) => {
      let state: Appointing = following;
      let nowMs = 0;
      for (const { laterMs, ...each } of events) {
        nowMs += laterMs;
        const next = appoint(state, each, nowMs);
        if (next.propose !== undefined) {
          expect(each.sight.leads && each.sight.keepers.length !== 1).toBe(true);
          expect(each.sight.candidates).toContain(next.propose);
          expect(state.phase).toBe("watching");
        }
        expect(next.state.phase === "following").toBe(!each.sight.leads);
        state = next.state;
      }
    }),
  );
});
