import { clockMargin } from "../../agreement/core/clock-margin.js";
import { EventQueue } from "../../agreement/core/event-queue.test-support.js";
import { Random } from "../../simulation/random.test-support.js";
import { electionDeadline, isLeading, leaderOf, startElection, stepElection } from "./election.js";
import type { ElectionEffect, ElectionEvent, ElectionMemory, ElectionState, Message } from "./state.js";
import { timingOf } from "./timing.js";

export interface WorldOptions {
  readonly seed: number;
  readonly count: number;
  readonly quorum: boolean;
  readonly takeover: boolean;
  /** How much faster the fastest clock is than the slowest. */
  readonly clockRatio?: number;
  /** Whether a member that starts again has what it kept. Default: yes. */
  readonly remembers?: boolean;
  /** Whether leaders resign now and then. Default: yes. */
  readonly resigns?: boolean;
}

interface Node {
  readonly number: number;
  /** Ends with its process. */
  readonly process: number;
  readonly id: string;
  readonly rate: number;
  offsetMs: number;
  state: ElectionState;
  /** Frozen until then: what comes in waits. */
  frozenUntilMs: number;
  isAsleep: boolean;
  /** Since when its clock stands still. */
  stoppedMs: number | undefined;
  readonly waiting: ElectionEvent[];
  wake: number;
  ledTerm: number;
}

type PairState = "up" | "down";

const beatMs = 1_000;
const timing = timingOf(beatMs);

/**
 * Elections of several cores over an adversarial network, in one simulated time. Each node has a clock of its own rate.
 * After each step it is held against what an election promises; a violation throws, with the seed in its text.
 */
export class ElectionWorld {
  readonly #options: WorldOptions;
  readonly #random: Random;
  readonly nodes = new Map<number, Node>();
  readonly #kept = new Map<string, ElectionMemory>();
  readonly #pairs = new Map<string, { state: PairState; epoch: number }>();
  /** Messages from one to another wait for as long as the way is held. */
  readonly #held = new Map<string, (() => void)[]>();
  readonly #clear = new Map<string, number>();
  readonly #queue = new EventQueue();
  #processes = 0;
  delayMostMs = 200;
  messages = 0;
  readonly #leaders = new Map<string, number>();
  #highestTerm = 0;
  readonly won: { readonly id: string; readonly term: number; readonly atMs: number }[] = [];

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    for (let number = 0; number < options.count; number++) this.start(number);
  }

  get nowMs(): number {
    return this.#queue.nowMs;
  }

  idOf(number: number, process: number): string {
    // Without members nobody needs to be the same again; names tell that there, and terms are an id's own.
    return this.#options.quorum ? `node-${number}` : `node-${number}-${process}`;
  }

  start(number: number): void {
    const { count, quorum, takeover, clockRatio = clockMargin } = this.#options;
    const process = ++this.#processes;
    const id = this.idOf(number, process);
    const members = quorum ? Array.from({ length: count }, (_, other) => this.idOf(other, 0)) : undefined;
    const settings = {
      self: { score: number % 2, startedMs: this.nowMs, id },
      candidate: number < 3 || number % 4 !== 3,
      takeover,
      members,
      timing,
    };
    const offsetMs = this.#random.below(1_000_000);
    // The edge of what is promised: clocks at both ends of the range.
    const rate = this.#random.chance(0.5) ? 1 : clockRatio;
    const state = startElection(settings, offsetMs + rate * this.nowMs, this.#kept.get(id));
    const node: Node = {
      number,
      process,
      id,
      rate,
      offsetMs,
      state,
      frozenUntilMs: 0,
      isAsleep: false,
      stoppedMs: undefined,
      waiting: [],
      wake: 0,
      ledTerm: 0,
    };
    this.nodes.set(number, node);
    this.#arm(node);
    for (const other of this.nodes.values()) if (other !== node) this.#link(node, other);
  }

  /** Everything goes wrong, for so long. */
  chaos(ms: number): void {
    const untilMs = this.nowMs + ms;
    const next = (): void => {
      if (this.nowMs >= untilMs) return;
      this.#fault();
      this.#at(this.#random.below(1_500), next);
    };
    this.#at(this.#random.below(500), next);
    this.pass(ms);
  }

  /** Nothing goes wrong any more; who crashed is back. */
  quiet(): void {
    this.delayMostMs = 20;
    for (const node of this.nodes.values()) {
      if (node.isAsleep || node.frozenUntilMs > this.nowMs) this.#thaw(node);
    }
    for (let number = 0; number < this.#options.count; number++) if (!this.nodes.has(number)) this.start(number);
    this.#heal();
  }

  pass(ms: number): void {
    this.#queue.pass(ms);
    this.#check();
  }

  /** Whether anybody led alone at some moment of that time. */
  passLed(ms: number): boolean {
    let isLed = this.leaders().length === 1;
    for (let passedMs = 0; passedMs < ms; passedMs += 20) {
      this.pass(20);
      isLed ||= this.leaders().length === 1;
    }
    return isLed;
  }

  /** Whether all followed one that leads, at some moment of that time. */
  passAgreed(ms: number): boolean {
    const isAgreed = (): boolean => this.leaders().length === 1 && new Set(this.followed()).size === 1;
    for (let passedMs = 0; passedMs < ms && !isAgreed(); passedMs += 20) this.pass(20);
    return isAgreed();
  }

  leaders(): Node[] {
    return [...this.nodes.values()].filter((node) => !node.isAsleep && isLeading(node.state, this.#clockOf(node)));
  }

  /** Whom each follows, itself where it leads. */
  followed(): (string | undefined)[] {
    return [...this.nodes.values()].map((node) => leaderOf(node.state, this.#clockOf(node))?.id);
  }

  feed(number: number, event: ElectionEvent): void {
    const node = this.nodes.get(number);
    if (node !== undefined) this.#feed(node, event);
  }

  crash(number: number): void {
    const node = this.nodes.get(number);
    if (node === undefined) return;
    this.nodes.delete(number);
    for (const other of this.nodes.values()) this.#cut(node, other);
  }

  #fault(): void {
    const random = this.#random;
    const numbers = [...this.nodes.keys()];
    const [one, other] = [random.pick(numbers), random.pick(numbers)];
    const node = this.nodes.get(one);
    const second = this.nodes.get(other);
    if (node === undefined || second === undefined) return;
    switch (random.below(10)) {
      case 0:
        return this.#divide();
      case 1:
        if (node !== second) this.#cut(node, second);
        return;
      case 2:
        for (const each of this.nodes.values()) if (random.chance(0.5)) this.#hold(node, each);
        return;
      case 3:
        return this.#hold(node, second);
      case 4:
      case 5:
        return this.#heal();
      case 6: {
        if (this.nodes.size < 2) return;
        this.crash(one);
        return this.#at(random.below(random.chance(0.5) ? 500 : 8_000), () => {
          if (!this.nodes.has(one)) this.start(one);
        });
      }
      case 7:
        return this.#freeze(node, random.below(6_000), random.chance(0.3));
      case 8:
        if (this.#options.resigns !== false) this.feed(one, { type: "resign" });
        return;
      case 9:
        return this.#deafen();
    }
  }

  /** A leader is heard by nobody; what they answer to it comes late. */
  #deafen(): void {
    const node = this.#random.pick(this.leaders());
    if (node === undefined) return;
    for (const each of this.nodes.values()) {
      this.#hold(node, each);
      if (this.#random.chance(0.5)) this.#hold(each, node);
    }
    this.#at(this.#random.below(2_500), () => {
      for (const each of this.nodes.values()) this.#unhold(each, node);
    });
  }

  #unhold(from: Node, to: Node): void {
    const key = `${from.process} ${to.process}`;
    for (const deliver of this.#held.get(key) ?? []) deliver();
    this.#held.delete(key);
  }

  #divide(): void {
    const side = new Map([...this.nodes.keys()].map((number) => [number, this.#random.below(2)]));
    for (const one of this.nodes.values()) {
      for (const other of this.nodes.values()) {
        if (one.number < other.number && side.get(one.number) !== side.get(other.number)) this.#cut(one, other);
      }
    }
  }

  #heal(): void {
    for (const waiting of this.#held.values()) for (const deliver of waiting.splice(0)) deliver();
    this.#held.clear();
    for (const one of this.nodes.values()) {
      for (const other of this.nodes.values()) if (one.number < other.number) this.#link(one, other);
    }
  }

  #pair(one: Node, other: Node): { state: PairState; epoch: number } {
    const [a, b] = one.process < other.process ? [one, other] : [other, one];
    const key = `${a.process} ${b.process}`;
    const pair = this.#pairs.get(key) ?? { state: "down", epoch: 0 };
    this.#pairs.set(key, pair);
    return pair;
  }

  #link(one: Node, other: Node): void {
    const pair = this.#pair(one, other);
    if (pair.state === "up") return;
    pair.state = "up";
    pair.epoch++;
    this.#feed(one, { type: "gone", from: other.id });
    this.#feed(other, { type: "gone", from: one.id });
    this.#feed(one, { type: "reachable", from: other.id });
    this.#feed(other, { type: "reachable", from: one.id });
  }

  #cut(one: Node, other: Node): void {
    const pair = this.#pair(one, other);
    if (pair.state === "down") return;
    pair.state = "down";
    const epoch = ++pair.epoch;
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      // Some notice at once, some late, some not before they are linked again.
      this.#at(this.#random.below(4_000), () => {
        const isBack = (this.nodes.get(there.number) ?? there) !== there;
        if (pair.epoch === epoch && !isBack) this.#feed(here, { type: "gone", from: there.id });
      });
    }
  }

  #hold(from: Node, to: Node): void {
    const key = `${from.process} ${to.process}`;
    if (from !== to && !this.#held.has(key)) this.#held.set(key, []);
  }

  #send(from: Node, to: Node, message: Message): void {
    const pair = this.#pair(from, to);
    if (pair.state === "down") return;
    this.messages++;
    const { epoch } = pair;
    const key = `${from.process} ${to.process}`;
    const deliver = (): void => {
      if (pair.epoch !== epoch || this.nodes.get(to.number) !== to) return;
      this.#feed(to, { type: "message", from: from.id, message });
    };
    const arrive = (): void => {
      const held = this.#held.get(key);
      if (held === undefined) deliver();
      else held.push(deliver);
    };
    const atMs = Math.max(this.#clear.get(key) ?? 0, this.nowMs + this.#random.unit() * this.delayMostMs);
    this.#clear.set(key, atMs);
    this.#at(atMs - this.nowMs, arrive);
  }

  #freeze(node: Node, ms: number, isAsleep: boolean): void {
    if (node.frozenUntilMs > this.nowMs) return;
    node.frozenUntilMs = this.nowMs + ms;
    node.isAsleep = isAsleep;
    // Some clocks stand still in sleep.
    if (isAsleep && this.#random.chance(0.5)) node.stoppedMs = this.nowMs;
    this.#at(ms, () => {
      if (this.nodes.get(node.number) === node && node.frozenUntilMs <= this.nowMs) this.#thaw(node);
    });
  }

  #thaw(node: Node): void {
    node.frozenUntilMs = this.nowMs;
    if (node.stoppedMs !== undefined) node.offsetMs -= (this.nowMs - node.stoppedMs) * node.rate;
    node.stoppedMs = undefined;
    const events = node.waiting.splice(0);
    if (node.isAsleep) events.unshift({ type: "slept" });
    node.isAsleep = false;
    for (const event of events) this.#feed(node, event);
    this.#feed(node, { type: "woke" });
  }

  #feed(node: Node, event: ElectionEvent): void {
    if (this.nodes.get(node.number) !== node) return;
    if (node.frozenUntilMs > this.nowMs) {
      node.waiting.push(event);
      return;
    }
    const { state, effects } = stepElection(node.state, event, this.#clockOf(node));
    node.state = state;
    for (const effect of effects) this.#carryOut(node, effect);
    this.#arm(node);
    this.#check();
  }

  #carryOut(node: Node, effect: ElectionEffect): void {
    if (effect.type === "remember" && this.#options.remembers !== false) this.#kept.set(node.id, effect.memory);
    if (effect.type === "refuse") this.#fail(`${node.id} refuses what an honest peer said: ${effect.reason}`);
    if (effect.type !== "send") return;
    const to = effect.to === "all" ? [...node.state.peers.keys()] : [effect.to];
    for (const other of this.nodes.values()) if (to.includes(other.id)) this.#send(node, other, effect.message);
  }

  #arm(node: Node): void {
    const wake = ++node.wake;
    const deadline = electionDeadline(node.state);
    if (deadline === undefined) return;
    const inMs = Math.max(0, (deadline.atMs - this.#clockOf(node)) / node.rate);
    // Timers are late rather than early, by a little.
    this.#at(inMs + 0.001, () => {
      if (node.wake === wake) this.#feed(node, { type: "woke" });
    });
  }

  #clockOf(node: Node): number {
    return node.offsetMs + node.rate * (node.stoppedMs ?? this.nowMs);
  }

  #check(): void {
    const leaders = this.leaders();
    if (this.#options.quorum && leaders.length > 1) this.#fail(`two lead: ${leaders.map(({ id }) => id)}`);
    // Whoever has forgotten the terms may count them again.
    if (this.#options.quorum && this.#options.remembers === false) return;
    for (const node of leaders) this.#checkTerm(node);
    for (const node of this.nodes.values()) {
      const term = leaderOf(node.state, this.#clockOf(node))?.term ?? 0;
      if (term < node.ledTerm && term !== 0) this.#fail(`${node.id} follows in ${term}, after ${node.ledTerm}`);
      node.ledTerm = Math.max(node.ledTerm, term);
    }
  }

  #checkTerm(node: Node): void {
    const { role } = node.state;
    if (role.phase !== "leading") return;
    const key = this.#options.quorum ? `${role.term}` : `${role.term} ${node.id}`;
    const before = this.#leaders.get(key);
    if (before === node.process) return;
    if (before !== undefined) this.#fail(`two led in term ${key}`);
    this.#leaders.set(key, node.process);
    this.won.push({ id: node.id, term: role.term, atMs: this.nowMs });
    if (this.#options.quorum && role.term <= this.#highestTerm) this.#fail(`term ${role.term} after a later one`);
    this.#highestTerm = Math.max(this.#highestTerm, role.term);
  }

  #fail(what: string): never {
    throw new Error(`seed ${this.#options.seed}, at ${this.nowMs.toFixed(3)} ms: ${what}`);
  }

  #at(inMs: number, run: () => void): void {
    this.#queue.after(inMs, run);
  }
}
