import { clockMargin } from "../../agreement/core/clock-margin.js";
import type { Deadline, Step } from "../../agreement/core/machine.js";
import type { DenialReason, HolderMessage, LeaderMessage } from "./lock-messages.js";

/** What waits for locks at one leader, all in all. */
export const waitingMost = 10_000;

interface Claim {
  readonly peer: string;
  readonly claim: number;
  readonly leaseMs: number;
  /** The latest number that came of it. */
  readonly n: number;
}

interface Waiter extends Claim {
  /** When it began to wait, by our clock. */
  readonly sinceMs: number;
  /** Whoever is silent so long has gone away. */
  readonly untilMs: number;
}

interface Holder extends Claim {
  readonly token: string;
  readonly untilMs: number;
}

interface Lock {
  readonly holder: Holder | undefined;
  readonly queue: readonly Waiter[];
}

/**
 * Who holds which lock, at the leader.
 *
 * Invariants:
 * 1. A lease counts at its holder from the sending of what was granted, here from the arrival, and longer by what clocks may
 *    differ. So it is over at the holder before it is over here.
 * 2. A new leader grants nothing until every lease of an earlier one must be over, unless its holder went on with it here.
 * 3. Tokens of a lock rise: each begins with the leader's term, and ends with a number that rises within it.
 * 4. Those who wait get it in the order in which they began to wait.
 */
export interface LockTable {
  /** What tokens begin with; undefined where we don't lead. */
  readonly office: string | undefined;
  /** Before this we only hear who holds what. */
  readonly grantsFromMs: number;
  readonly leaseMostMs: number;
  readonly sequence: number;
  readonly locks: ReadonlyMap<string, Lock>;
}

export type LockTableEvent =
  /** We lead now, under this token; or no more. */
  | { readonly type: "office"; readonly token: string | undefined }
  | { readonly type: "message"; readonly from: string; readonly message: HolderMessage }
  | { readonly type: "gone"; readonly from: string }
  | { readonly type: "woke" };

export interface LockTableEffect {
  readonly type: "send";
  readonly to: string;
  readonly message: LeaderMessage;
}

type TableStep = Step<LockTable, LockTableEffect>;

export function startLockTable(leaseMostMs: number): LockTable {
  return { office: undefined, grantsFromMs: 0, leaseMostMs, sequence: 0, locks: new Map() };
}

export function stepLockTable(table: LockTable, event: LockTableEvent, nowMs: number): TableStep {
  if (event.type === "office") return { state: takeOffice(table, event.token, nowMs), effects: [] };
  if (table.office === undefined) return { state: table, effects: [] };
  const current = expire(table, nowMs);
  switch (event.type) {
    case "message":
      return handleMessage(current, event.from, event.message, nowMs);
    case "gone":
      // What it holds it may go on to hold: that ends with its lease, lest two hold it.
      return grantAll(withoutWaiters(current, event.from), nowMs);
    case "woke":
      return grantAll(current, nowMs);
  }
}

export function lockTableDeadline({ office, grantsFromMs, locks }: LockTable): Deadline | undefined {
  if (office === undefined) return undefined;
  let atMs = Number.POSITIVE_INFINITY;
  for (const { holder, queue } of locks.values()) {
    if (holder !== undefined) atMs = Math.min(atMs, holder.untilMs);
    else if (queue.length > 0) atMs = Math.min(atMs, grantsFromMs);
    for (const { untilMs } of queue) atMs = Math.min(atMs, untilMs);
  }
  return atMs === Number.POSITIVE_INFINITY ? undefined : { atMs, reason: "a lease is over" };
}

function takeOffice(table: LockTable, token: string | undefined, nowMs: number): LockTable {
  const { leaseMostMs } = table;
  if (token === table.office) return table;
  return { ...startLockTable(leaseMostMs), office: token, grantsFromMs: nowMs + leaseMostMs * clockMargin };
}

/** What is over: leases, and waiting of those that fell silent. */
function expire(table: LockTable, nowMs: number): LockTable {
  const locks = new Map<string, Lock>();
  for (const [name, { holder, queue }] of table.locks) {
    const held = holder !== undefined && nowMs < holder.untilMs ? holder : undefined;
    const waiting = queue.filter(({ untilMs }) => nowMs < untilMs);
    if (held !== undefined || waiting.length > 0) locks.set(name, { holder: held, queue: waiting });
  }
  return { ...table, locks };
}

function withoutWaiters(table: LockTable, peer: string): LockTable {
  const locks = new Map(table.locks);
  for (const [name, lock] of locks)
    locks.set(name, { ...lock, queue: lock.queue.filter((waiter) => waiter.peer !== peer) });
  return { ...table, locks };
}

function handleMessage(table: LockTable, from: string, message: HolderMessage, nowMs: number): TableStep {
  switch (message.t) {
    case "ask":
      return ask(table, from, message, nowMs);
    case "renew":
      return renew(table, from, message, nowMs);
    case "free":
      return free(table, from, message, nowMs);
  }
}

const noLock: Lock = { holder: undefined, queue: [] };

function lockOf(table: LockTable, name: string): Lock {
  return table.locks.get(name) ?? noLock;
}

function withLock(table: LockTable, name: string, lock: Lock): LockTable {
  return { ...table, locks: new Map(table.locks).set(name, lock) };
}

function isSame(one: Claim | undefined, from: string, claim: number): boolean {
  return one?.peer === from && one.claim === claim;
}

function ask(table: LockTable, from: string, message: Extract<HolderMessage, { t: "ask" }>, nowMs: number): TableStep {
  const { lock: name, claim, n, leaseMs, waitedMs } = message;
  const lock = lockOf(table, name);
  if (leaseMs > table.leaseMostMs) return deny(table, from, message, "too-long");
  // It hasn't heard yet that it was granted, or that is lost.
  if (isSame(lock.holder, from, claim) && lock.holder !== undefined)
    return hold(table, name, { ...lock.holder, n }, nowMs);
  const others = lock.queue.filter((waiter) => !isSame(waiter, from, claim));
  if (waitingCount(table) >= waitingMost && others.length === lock.queue.length) {
    return deny(table, from, message, "too-many");
  }
  const before = lock.queue.find((waiter) => isSame(waiter, from, claim));
  const sinceMs = before?.sinceMs ?? nowMs - waitedMs;
  const waiter: Waiter = { peer: from, claim, leaseMs, n, sinceMs, untilMs: nowMs + table.leaseMostMs };
  const queue = [...others, waiter].sort((one, other) => one.sinceMs - other.sinceMs);
  return grantNext(withLock(table, name, { ...lock, queue }), name, nowMs);
}

function waitingCount({ locks }: LockTable): number {
  let count = 0;
  for (const { queue } of locks.values()) count += queue.length;
  return count;
}

/** A holder goes on. To a new leader this is how it learns who holds what. */
function renew(
  table: LockTable,
  from: string,
  message: Extract<HolderMessage, { t: "renew" }>,
  nowMs: number,
): TableStep {
  const { lock: name, claim, n, leaseMs, token } = message;
  const { holder } = lockOf(table, name);
  if (leaseMs > table.leaseMostMs) return deny(table, from, message, "too-long");
  if (isSame(holder, from, claim) && holder?.token === token)
    return hold(table, name, { ...holder, n, leaseMs }, nowMs);
  const isFromBefore = table.office !== undefined && token < table.office;
  if (nowMs >= table.grantsFromMs || !isFromBefore) return deny(table, from, message, "lost");
  // Two that say they hold it: the later token is the one that holds.
  if (holder !== undefined && holder.token >= token) return deny(table, from, message, "lost");
  return hold(table, name, { peer: from, claim, n, leaseMs, token, untilMs: 0 }, nowMs);
}

function hold(table: LockTable, name: string, holder: Holder, nowMs: number): TableStep {
  const held = { ...holder, untilMs: nowMs + holder.leaseMs * clockMargin };
  const { peer, claim, n, token } = held;
  return {
    state: withLock(table, name, { ...lockOf(table, name), holder: held }),
    effects: [{ type: "send", to: peer, message: { t: "granted", lock: name, claim, n, token } }],
  };
}

function free(
  table: LockTable,
  from: string,
  { lock: name, claim }: Extract<HolderMessage, { t: "free" }>,
  nowMs: number,
): TableStep {
  const { holder, queue } = lockOf(table, name);
  const left: Lock = {
    holder: isSame(holder, from, claim) ? undefined : holder,
    queue: queue.filter((waiter) => !isSame(waiter, from, claim)),
  };
  return grantNext(withLock(table, name, left), name, nowMs);
}

function deny(
  table: LockTable,
  to: string,
  { lock, claim }: { readonly lock: string; readonly claim: number },
  reason: DenialReason,
): TableStep {
  return { state: table, effects: [{ type: "send", to, message: { t: "denied", lock, claim, reason } }] };
}

function grantAll(table: LockTable, nowMs: number): TableStep {
  let state = table;
  const effects: LockTableEffect[] = [];
  for (const name of table.locks.keys()) {
    const next = grantNext(state, name, nowMs);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}

function grantNext(table: LockTable, name: string, nowMs: number): TableStep {
  const { holder, queue } = lockOf(table, name);
  const [first, ...rest] = queue;
  if (holder !== undefined || first === undefined || nowMs < table.grantsFromMs) return { state: table, effects: [] };
  const sequence = table.sequence + 1;
  const token = `${table.office}.${String(sequence).padStart(16, "0")}`;
  const { peer, claim, n, leaseMs } = first;
  const taken = withLock({ ...table, sequence }, name, { holder: undefined, queue: rest });
  return hold(taken, name, { peer, claim, n, leaseMs, token, untilMs: 0 }, nowMs);
}
