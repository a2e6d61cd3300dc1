import { become, type Deadline, type Step } from "../../agreement/core/machine.js";
import type { DenialReason, HolderMessage, LeaderMessage } from "./lock-messages.js";

/**
 * One lock that we want or hold.
 *
 * Invariants:
 * 1. It is held from a grant to the end of the lease, which counts from when we sent what was granted.
 * 2. Once it is over it never comes back: who still wants the lock makes another claim.
 * 3. While it waits or holds, the leader hears of it three times a lease; a new leader at once.
 */
export interface ClaimState {
  readonly lock: string;
  readonly claim: number;
  readonly leaseMs: number;
  readonly sinceMs: number;
  readonly leader: string | undefined;
  /** When each number was sent; those of the last lease. */
  readonly sent: ReadonlyMap<number, number>;
  readonly n: number;
  readonly nextMs: number;
  readonly hold: Hold;
}

type Hold =
  | { readonly phase: "waiting" }
  | { readonly phase: "held"; readonly token: string; readonly untilMs: number }
  | { readonly phase: "over"; readonly reason: OverReason };

/** `freed`: by us · `lapsed`: the lease ended and nobody renewed it · the rest as the leader said. */
export type OverReason = "freed" | "lapsed" | DenialReason;

export type ClaimEvent =
  | { readonly type: "leader"; readonly leader: string | undefined }
  | { readonly type: "message"; readonly from: string; readonly message: LeaderMessage }
  | { readonly type: "woke" }
  /** Our clock stood still for a while. */
  | { readonly type: "slept" }
  | { readonly type: "free" };

export interface ClaimEffect {
  readonly type: "send";
  readonly to: string;
  readonly message: HolderMessage;
}

type ClaimStep = Step<ClaimState, ClaimEffect>;

export function startClaim(
  wish: { lock: string; claim: number; leaseMs: number; leader: string | undefined },
  nowMs: number,
): ClaimStep {
  const claim: ClaimState = {
    ...wish,
    sinceMs: nowMs,
    sent: new Map(),
    n: 0,
    nextMs: nowMs,
    hold: { phase: "waiting" },
  };
  return say(claim, nowMs);
}

export function stepClaim(claim: ClaimState, event: ClaimEvent, nowMs: number): ClaimStep {
  const current = expire(claim, event, nowMs);
  if (current.hold.phase === "over") return become(current);
  switch (event.type) {
    case "leader":
      return event.leader === current.leader ? become(current) : say({ ...current, leader: event.leader }, nowMs);
    case "message":
      return become(event.from === current.leader ? handleMessage(current, event.message, nowMs) : current);
    case "woke":
    case "slept":
      return nowMs >= current.nextMs ? say(current, nowMs) : become(current);
    case "free":
      return free(current);
  }
}

export function isHeld({ hold }: ClaimState, nowMs: number): boolean {
  return hold.phase === "held" && nowMs < hold.untilMs;
}

export function claimDeadline({ hold, nextMs, leader }: ClaimState): Deadline | undefined {
  if (hold.phase === "over") return undefined;
  const untilMs = hold.phase === "held" ? hold.untilMs : Number.POSITIVE_INFINITY;
  const atMs = leader === undefined ? untilMs : Math.min(nextMs, untilMs);
  return atMs === Number.POSITIVE_INFINITY ? undefined : { atMs, reason: "the leader has to hear of the claim" };
}

function expire(claim: ClaimState, event: ClaimEvent, nowMs: number): ClaimState {
  const { hold } = claim;
  if (hold.phase !== "held") return claim;
  const isOver = nowMs >= hold.untilMs || event.type === "slept";
  return isOver ? { ...claim, hold: { phase: "over", reason: "lapsed" } } : claim;
}

/** Tells the leader what we want, or hold. */
function say(claim: ClaimState, nowMs: number): ClaimStep {
  const { lock, claim: number, leaseMs, leader, hold, sinceMs } = claim;
  const nextMs = nowMs + leaseMs / 3;
  if (leader === undefined || hold.phase === "over") return become({ ...claim, nextMs });
  const n = claim.n + 1;
  const sent = new Map([...claim.sent].filter(([, atMs]) => nowMs < atMs + leaseMs)).set(n, nowMs);
  const common = { lock, claim: number, n, leaseMs };
  const message: HolderMessage =
    hold.phase === "held"
      ? { t: "renew", ...common, token: hold.token }
      : { t: "ask", ...common, waitedMs: nowMs - sinceMs };
  return { state: { ...claim, n, sent, nextMs }, effects: [{ type: "send", to: leader, message }] };
}

function handleMessage(claim: ClaimState, message: LeaderMessage, nowMs: number): ClaimState {
  if (message.lock !== claim.lock || message.claim !== claim.claim) return claim;
  if (message.t === "denied") return { ...claim, hold: { phase: "over", reason: message.reason } };
  const { hold } = claim;
  if (hold.phase === "held" && hold.token !== message.token) return claim;
  const sentMs = claim.sent.get(message.n);
  const untilMs = (sentMs ?? Number.NEGATIVE_INFINITY) + claim.leaseMs;
  // It was long under way: the lease that it speaks of is over.
  if (nowMs >= untilMs) return claim;
  const before = hold.phase === "held" ? hold.untilMs : untilMs;
  return { ...claim, hold: { phase: "held", token: message.token, untilMs: Math.max(before, untilMs) } };
}

function free(claim: ClaimState): ClaimStep {
  const { leader, lock, claim: number } = claim;
  const over: ClaimState = { ...claim, hold: { phase: "over", reason: "freed" } };
  if (leader === undefined) return become(over);
  return { state: over, effects: [{ type: "send", to: leader, message: { t: "free", lock, claim: number } }] };
}
