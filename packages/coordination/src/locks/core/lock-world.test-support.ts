import { clockMargin } from "../../agreement/core/clock-margin.js";
import { EventQueue } from "../../agreement/core/event-queue.test-support.js";
import { Random } from "../../simulation/random.test-support.js";
import { type ClaimEvent, type ClaimState, claimDeadline, isHeld, startClaim, stepClaim } from "./claim.js";
import type { HolderMessage, LeaderMessage } from "./lock-messages.js";
import { type LockTable, type LockTableEvent, lockTableDeadline, startLockTable, stepLockTable } from "./lock-table.js";

interface Node {
  readonly number: number;
  readonly id: string;
  readonly rate: number;
  table: LockTable;
  leader: string | undefined;
  claims: ClaimState[];
  frozenUntilMs: number;
  readonly waiting: (() => void)[];
  wake: number;
}

export interface LockWorldOptions {
  readonly seed: number;
  readonly clockRatio?: number;
}

export const leaseMostMs = 4_000;
const lockNames = ["index", "printer"];

/**
 * Locks over leaders that come and go. One leads at a time, as an election with members has it; who it is, each hears
 * late or not at all. A violation throws, with the seed in its text.
 */
export class LockWorld {
  readonly #seed: number;
  readonly #random: Random;
  readonly #queue = new EventQueue();
  readonly nodes: Node[] = [];
  readonly #clear = new Map<string, number>();
  readonly #latest = new Map<string, string>();
  #faults: "on" | "off" = "on";
  #term = 0;
  #claims = 0;
  #inOffice: Node | undefined;
  /** How often a lock was granted. */
  grants = 0;

  constructor({ seed, clockRatio = clockMargin }: LockWorldOptions) {
    this.#seed = seed;
    this.#random = new Random(seed);
    for (let number = 0; number < 4; number++) {
      this.nodes.push({
        number,
        id: `node-${number}`,
        rate: this.#random.chance(0.5) ? 1 : clockRatio,
        table: startLockTable(leaseMostMs),
        leader: undefined,
        claims: [],
        frozenUntilMs: 0,
        waiting: [],
        wake: 0,
      });
    }
    this.#elect();
  }

  chaos(ms: number): void {
    const untilMs = this.#queue.nowMs + ms;
    const next = (): void => {
      if (this.#queue.nowMs >= untilMs) return;
      this.#fault();
      this.#queue.after(this.#random.below(1_000), next);
    };
    next();
    this.#queue.pass(ms);
  }

  /** Nothing goes wrong any more, and whoever holds a lock gives it back after a while. */
  quiet(): void {
    this.#faults = "off";
    for (const node of this.nodes) this.#thaw(node);
    if (this.#inOffice === undefined) this.#elect();
    for (const node of this.nodes) this.#tell(node);
  }

  pass(ms: number): void {
    this.#queue.pass(ms);
  }

  open(): number {
    return this.nodes.reduce((sum, { claims }) => sum + claims.length, 0);
  }

  #fault(): void {
    const random = this.#random;
    const node = random.pick(this.nodes);
    switch (random.below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#act(node, () => this.#claim(node));
      case 4:
        return this.#act(node, () => this.#freeClaim(node));
      case 5:
        // A new leader grants nothing for a while: with too many of them nothing is ever granted.
        return random.chance(0.3) ? this.#unseat() : undefined;
      case 6:
      case 7:
        return this.#freeze(node, random.below(2.5 * leaseMostMs));
      case 8:
        return random.chance(0.5) ? this.#crash(node) : undefined;
      case 9:
        return this.#lose(node);
      default:
        return this.#stall(node, random.below(2 * leaseMostMs));
    }
  }

  /** Some take it for gone, though it lives on. */
  #lose(node: Node): void {
    for (const other of this.nodes) {
      if (other !== node && this.#random.chance(0.7)) this.#feedTable(other, { type: "gone", from: node.id });
    }
  }

  /** What it says arrives after that time. */
  #stall(node: Node, ms: number): void {
    for (const { id } of this.nodes) {
      const key = `${node.id} ${id}`;
      this.#clear.set(key, Math.max(this.#clear.get(key) ?? 0, this.#queue.nowMs + ms));
    }
  }

  #claim(node: Node): void {
    const leaseMs = leaseMostMs / (1 + this.#random.below(3));
    const wish = { lock: this.#random.pick(lockNames), claim: ++this.#claims, leaseMs, leader: node.leader };
    const { state, effects } = startClaim(wish, this.#clockOf(node));
    node.claims.push(state);
    for (const { to, message } of effects) this.#send(node, to, message);
    this.#arm(node);
  }

  #freeClaim(node: Node): void {
    const claim = this.#random.pick(node.claims);
    if (claim !== undefined) this.#feedClaim(node, claim.claim, { type: "free" });
  }

  /** The leader's lease is over, and nobody leads for a moment. */
  #unseat(): void {
    const node = this.#inOffice;
    if (node === undefined) return;
    this.#inOffice = undefined;
    this.#office(node, undefined);
    this.#queue.after(this.#random.below(3_000), () => this.#elect());
  }

  #elect(): void {
    if (this.#inOffice !== undefined) return;
    const node = this.#random.pick(this.nodes.filter(({ frozenUntilMs }) => frozenUntilMs <= this.#queue.nowMs));
    if (node === undefined) return this.#queue.after(500, () => this.#elect());
    this.#inOffice = node;
    this.#office(node, `${String(++this.#term).padStart(16, "0")}.${node.id}`);
    for (const other of this.nodes) this.#queue.after(this.#random.below(2_000), () => this.#tell(other));
  }

  /** A node hears who leads by now. */
  #tell(node: Node): void {
    this.#act(node, () => {
      node.leader = this.#inOffice?.id;
      for (const { claim } of [...node.claims]) this.#feedClaim(node, claim, { type: "leader", leader: node.leader });
    });
  }

  /** A lease ends by the clock, frozen or not: no table acts without looking. */
  #office(node: Node, token: string | undefined): void {
    node.table = stepLockTable(node.table, { type: "office", token }, this.#clockOf(node)).state;
    this.#arm(node);
  }

  #freeze(node: Node, ms: number): void {
    node.frozenUntilMs = Math.max(node.frozenUntilMs, this.#queue.nowMs + ms);
    this.#queue.after(ms, () => {
      if (node.frozenUntilMs <= this.#queue.nowMs) this.#thaw(node);
    });
  }

  #thaw(node: Node): void {
    node.frozenUntilMs = this.#queue.nowMs;
    for (const run of node.waiting.splice(0)) run();
  }

  /** A process ends, and another starts in its place. */
  #crash(node: Node): void {
    if (this.#inOffice === node) this.#unseat();
    node.claims = [];
    node.waiting.splice(0);
    node.leader = undefined;
    this.#lose(node);
    this.#queue.after(this.#random.below(3_000), () => this.#tell(node));
  }

  #act(node: Node, run: () => void): void {
    if (node.frozenUntilMs > this.#queue.nowMs) node.waiting.push(run);
    else run();
  }

  #send(from: Node, to: string, message: HolderMessage | LeaderMessage): void {
    const other = this.nodes.find(({ id }) => id === to);
    if (other === undefined) return;
    if (this.#faults === "on" && this.#random.chance(0.1)) return;
    const slow = this.#faults === "on" && this.#random.chance(0.1) ? 6_000 : 100;
    const key = `${from.id} ${to}`;
    const atMs = Math.max(this.#clear.get(key) ?? 0, this.#queue.nowMs + this.#random.below(slow));
    this.#clear.set(key, atMs);
    this.#queue.after(atMs - this.#queue.nowMs, () => this.#act(other, () => this.#receive(other, from.id, message)));
  }

  #receive(node: Node, from: string, message: HolderMessage | LeaderMessage): void {
    if (message.t === "granted" || message.t === "denied") {
      return this.#feedClaim(node, message.claim, { type: "message", from, message });
    }
    this.#feedTable(node, { type: "message", from, message });
  }

  #feedTable(node: Node, event: LockTableEvent): void {
    const { state, effects } = stepLockTable(node.table, event, this.#clockOf(node));
    node.table = state;
    for (const { to, message } of effects) this.#send(node, to, message);
    this.#arm(node);
  }

  #feedClaim(node: Node, number: number, event: ClaimEvent): void {
    const before = node.claims.find(({ claim }) => claim === number);
    if (before === undefined) {
      // The grant of a claim that is no more: given back.
      if (event.type === "message" && event.message.t === "granted") {
        this.#send(node, event.from, { t: "free", lock: event.message.lock, claim: number });
      }
      return;
    }
    const nowMs = this.#clockOf(node);
    const { state, effects } = stepClaim(before, event, nowMs);
    node.claims = node.claims.map((claim) => (claim === before ? state : claim));
    if (!isHeld(before, nowMs) && isHeld(state, nowMs)) this.#begin(node, state);
    if (state.hold.phase === "over") node.claims = node.claims.filter((claim) => claim !== state);
    for (const { to, message } of effects) this.#send(node, to, message);
    this.#arm(node);
    this.#check();
  }

  #begin(node: Node, { lock, claim, hold }: ClaimState): void {
    if (hold.phase !== "held") return;
    this.grants++;
    const latest = this.#latest.get(lock) ?? "";
    if (hold.token <= latest) this.#fail(`${lock}: token ${hold.token} after ${latest}`);
    this.#latest.set(lock, hold.token);
    const run = (): void => {
      if (this.#faults === "off") this.#feedClaim(node, claim, { type: "free" });
      else this.#queue.after(500, () => this.#act(node, run));
    };
    this.#queue.after(500, () => this.#act(node, run));
  }

  #arm(node: Node): void {
    const wake = ++node.wake;
    const due = [lockTableDeadline(node.table), ...node.claims.map(claimDeadline)].map((each) => each?.atMs);
    const atMs = Math.min(...due.map((each) => each ?? Number.POSITIVE_INFINITY));
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#queue.after(Math.max(0, (atMs - this.#clockOf(node)) / node.rate) + 0.001, () => {
      if (node.wake === wake) this.#act(node, () => this.#ring(node));
    });
  }

  #ring(node: Node): void {
    this.#feedTable(node, { type: "woke" });
    for (const { claim } of [...node.claims]) this.#feedClaim(node, claim, { type: "woke" });
  }

  #clockOf(node: Node): number {
    return 1_000 * node.number + node.rate * this.#queue.nowMs;
  }

  #check(): void {
    for (const name of lockNames) {
      const holders = this.nodes.filter((node) =>
        node.claims.some((claim) => claim.lock === name && isHeld(claim, this.#clockOf(node))),
      );
      if (holders.length > 1) this.#fail(`${name} is held by ${holders.map(({ id }) => id)}`);
    }
  }

  #fail(what: string): never {
    throw new Error(`seed ${this.#seed}, at ${this.#queue.nowMs.toFixed(3)} ms: ${what}`);
  }
}
