import { describe, expect, it } from "vitest";
import { clockMargin } from "../../agreement/core/clock-margin.js";
import { type ClaimState, isHeld, startClaim, stepClaim } from "./claim.js";
import type { HolderMessage, LeaderMessage } from "./lock-messages.js";
import { type LockTable, type LockTableEvent, startLockTable, stepLockTable } from "./lock-table.js";

const leaseMs = 1_000;
const rebuiltMs = leaseMs * clockMargin;
const lock = "index";
const office = (term: number, id: string) => `${String(term).padStart(16, "0")}.${id}`;
const tokenOf = (term: number, id: string, grant: number) => `${office(term, id)}.${String(grant).padStart(16, "0")}`;

/** A table, and what it said last, to whom. */
class Table {
  #table: LockTable = startLockTable(leaseMs);
  said: readonly (readonly [to: string, what: string, message: LeaderMessage])[] = [];

  feed(event: LockTableEvent, nowMs: number): this {
    const { state, effects } = stepLockTable(this.#table, event, nowMs);
    this.#table = state;
    this.said = effects.map(({ to, message }) => [to, message.t, message]);
    return this;
  }

  lead(term: number, id: string, nowMs: number): this {
    return this.feed({ type: "office", token: office(term, id) }, nowMs);
  }

  hear(from: string, message: HolderMessage, nowMs: number): this {
    return this.feed({ type: "message", from, message }, nowMs);
  }

  get summary(): readonly string[] {
    return this.said.map(([to, what, message]) => `${to} ${what}${message.t === "denied" ? ` ${message.reason}` : ""}`);
  }
}

const ask = (claim: number): HolderMessage => ({ t: "ask", lock, claim, n: 1, leaseMs, waitedMs: 0 });
const renew = (claim: number, token: string, n = 2): HolderMessage => ({ t: "renew", lock, claim, n, leaseMs, token });

describe("a new leader's table", () => {
  it("grants nothing before every lease that it didn't hear of must be over", () => {
    const table = new Table().lead(2, "lea", 0).hear("bob", ask(1), 10);
    expect(table.summary).toEqual([]);
    expect(table.hear("bob", ask(1), rebuiltMs - 1).summary).toEqual([]);
    expect(table.feed({ type: "woke" }, rebuiltMs).summary).toEqual(["bob granted"]);
  });

  it("learns who holds a lock from its holder, for whom others wait", () => {
    const table = new Table().lead(2, "lea", 0).hear("bob", ask(1), 10);
    expect(table.hear("ann", renew(7, tokenOf(1, "old", 3)), 500).summary).toEqual(["ann granted"]);
    table.hear("bob", ask(1), 700);
    expect(table.feed({ type: "woke" }, rebuiltMs).summary).toEqual([]);
    expect(table.hear("ann", { t: "free", lock, claim: 7 }, 1_200).summary).toEqual(["bob granted"]);
  });

  it("denies a renewal that comes when it has granted the lock to another, at which its sender holds it no more", () => {
    // Ann holds it by the leader before, renews with the new one at once, and that is long under way.
    let ann: ClaimState = startClaim({ lock, claim: 7, leaseMs, leader: "old" }, 0).state;
    const token = tokenOf(1, "old", 3);
    const granted: LeaderMessage = { t: "granted", lock, claim: 7, n: 1, token };
    ann = stepClaim(ann, { type: "message", from: "old", message: granted }, 10).state;
    const late = stepClaim(ann, { type: "leader", leader: "lea" }, 100).effects[0]?.message as HolderMessage;
    expect(late).toMatchObject({ t: "renew", token });

    const table = new Table().lead(2, "lea", 50).hear("bob", ask(1), 400);
    expect(table.feed({ type: "woke" }, 50 + rebuiltMs).summary).toEqual(["bob granted"]);
    expect(isHeld(ann, 50 + rebuiltMs)).toBe(false);
    expect(table.hear("ann", late, 1_300).summary).toEqual(["ann denied lost"]);
    expect(table.hear("bob", renew(1, tokenOf(2, "lea", 1)), 1_400).summary).toEqual(["bob granted"]);
    const denied = { type: "message", from: "lea", message: { t: "denied", lock, claim: 7, reason: "lost" } } as const;
    expect(stepClaim(ann, denied, 1_310).state.hold.phase).toBe("over");
  });

  it("denies one that comes when the lock is free again, too", () => {
    const table = new Table().lead(2, "lea", 0);
    expect(table.hear("ann", renew(7, tokenOf(1, "old", 3)), rebuiltMs).summary).toEqual(["ann denied lost"]);
  });

  it("has of two that say they hold it the one of the greater token, whichever comes first", () => {
    const [older, newer] = [tokenOf(1, "old", 3), tokenOf(1, "old", 4)];
    const first = new Table().lead(2, "lea", 0).hear("ann", renew(7, older), 10);
    expect(first.hear("bob", renew(8, newer), 20).summary).toEqual(["bob granted"]);
    expect(first.hear("ann", renew(7, older, 3), 30).summary).toEqual(["ann denied lost"]);
    const other = new Table().lead(2, "lea", 0).hear("bob", renew(8, newer), 10);
    expect(other.hear("ann", renew(7, older), 20).summary).toEqual(["ann denied lost"]);
  });

  it("believes no token of its own term that it never gave, nor one of a later", () => {
    for (const token of [tokenOf(2, "lea", 1), tokenOf(3, "new", 1)]) {
      expect(new Table().lead(2, "lea", 0).hear("ann", renew(7, token), 10).summary).toEqual(["ann denied lost"]);
    }
  });

  it("forgets what it granted once it leads no more", () => {
    const table = new Table().lead(2, "lea", 0).hear("ann", ask(7), rebuiltMs);
    expect(table.summary).toEqual(["ann granted"]);
    table.feed({ type: "office", token: undefined }, 1_200);
    expect(table.hear("ann", renew(7, tokenOf(2, "lea", 1)), 1_300).summary).toEqual([]);
    table.lead(3, "lea", 1_400);
    expect(table.hear("ann", renew(7, tokenOf(2, "lea", 1)), 1_500).summary).toEqual(["ann granted"]);
  });
});
