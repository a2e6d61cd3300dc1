import { type CandidateType, type IceCandidate, pairPriority, priorityOf } from "../core/candidates.js";
import { type Endpoint, endpointKey } from "../core/nat.js";
import type { Host } from "../network/host.js";
import type { Process } from "../world/process.js";
import { type Base, Gatherer } from "./gatherer.js";
import type { EngineProfile } from "./profile.js";

/** A connectivity check and its answer (RFC 8445 §7). */
type IcePacket =
  | {
      readonly ice: "check";
      readonly id: number;
      /** User fragments of whoever asks, and of whom it means. */
      readonly from: string;
      readonly to: string;
      readonly nominates: boolean;
    }
  | { readonly ice: "answer"; readonly id: number };

interface Pair {
  readonly base: Base;
  readonly remote: Endpoint;
  readonly remoteType: CandidateType;
  readonly priority: number;
  state: "checking" | "succeeded" | "failed";
  /** The controlling side wants it. */
  wish: "none" | "nominated";
  attempts: number;
  dueMs: number;
}

export interface IceAgentListener {
  found(candidate: IceCandidate): void;
  gathered(): void;
  stateChanged(): void;
  /** A pair was selected: there is a way, or another one. */
  selected(): void;
  received(payload: unknown): void;
}

export type IceState = "new" | "checking" | "connected" | "disconnected" | "failed" | "closed";

export const checkBytes = 100;
const checkFirstMs = 50;
const checksMost = 9;
/** How long the best of the pairs that work is waited for. */
const nominationMs = 50;
/** RFC 7675 §5.1: consent is asked for every 5 s or so; engines ask more often. */
const consentMs = 2_500;

/** One side's ICE (RFC 8445): pairs, checks, nomination, consent, restart. */
export class IceAgent {
  readonly #process: Process;
  readonly #profile: EngineProfile;
  readonly #listener: IceAgentListener;
  readonly #gatherer: Gatherer;
  #state: IceState = "new";
  #local: string | undefined;
  #remote: string | undefined;
  /** While a restart checks: what we and they were called before. */
  #before: { readonly local: string | undefined; readonly remote: string | undefined } | undefined;
  #role: "controlling" | "controlled" = "controlled";
  #pairs: Pair[] = [];
  #remotes: IceCandidate[] = [];
  #selected: Pair | undefined;
  /** Checks that came before we knew whose they are. */
  #early: { readonly base: Base; readonly from: Endpoint; readonly nominates: boolean; readonly fragment: string }[] =
    [];
  readonly #open = new Map<number, { readonly pair: Pair; readonly nominates: boolean }>();
  #asked = 0;
  #checkingSinceMs = 0;
  #firstMs: number | undefined;
  #heardMs = 0;
  #cancel: (() => void) | undefined;

  constructor(
    process: Process,
    host: Host,
    servers: readonly RTCIceServer[],
    profile: EngineProfile,
    listener: IceAgentListener,
  ) {
    this.#process = process;
    this.#profile = profile;
    this.#listener = listener;
    this.#gatherer = new Gatherer(process, host, servers, {
      found: (candidate) => this.#found(candidate),
      complete: () => listener.gathered(),
      received: (base, from, payload) => this.#receive(base, from, payload),
    });
  }

  get state(): IceState {
    return this.#state;
  }

  get selected(): { readonly local: CandidateType; readonly remote: CandidateType } | undefined {
    const pair = this.#selected;
    return pair && { local: pair.base.candidate.type, remote: pair.remoteType };
  }

  /** For what is gathered from now on. */
  setServers(servers: readonly RTCIceServer[]): void {
    this.#gatherer.setServers(servers);
  }

  /** Our description is in force. Other credentials than before restart. */
  setLocal(fragment: string, role: "controlling" | "controlled"): void {
    this.#role = role;
    if (fragment === this.#local) return;
    if (this.#local !== undefined && this.#before === undefined) {
      this.#restart();
      this.#remote = undefined;
    }
    this.#local = fragment;
    this.#gatherer.gather();
  }

  setRemote(fragment: string): void {
    if (fragment === this.#remote) return;
    if (this.#remote !== undefined && this.#before === undefined) this.#restart();
    this.#remote = fragment;
    this.#remotes = [];
    this.#pairs = [];
    this.#startChecking();
    for (const early of this.#early.splice(0)) {
      if (early.fragment === fragment) this.#hear(early.base, early.from, early.nominates);
    }
  }

  /** Our own role was settled after all: two offers crossed. */
  setRole(role: "controlling" | "controlled"): void {
    this.#role = role;
  }

  addRemote(candidate: IceCandidate): void {
    this.#remotes.push(candidate);
    for (const base of this.#gatherer.bases) this.#pair(base, candidate, candidate.type);
    this.#arm();
  }

  /** Sends over the selected pair; into the void where there is none. */
  send(payload: unknown, bytes: number): void {
    const pair = this.#selected;
    pair?.base.send(pair.remote, payload, bytes);
  }

  close(): void {
    this.#cancel?.();
    this.#gatherer.close();
    this.#state = "closed";
    this.#selected = undefined;
    this.#pairs = [];
  }

  /** RFC 8445 §9: what is selected goes on until something else is. */
  #restart(): void {
    this.#before = { local: this.#local, remote: this.#remote };
    this.#remotes = [];
    this.#pairs = [];
    this.#firstMs = undefined;
    this.#open.clear();
  }

  #found(candidate: IceCandidate): void {
    this.#listener.found(candidate);
    const base = this.#gatherer.bases.find((own) => own.candidate === candidate);
    if (base === undefined) return;
    for (const remote of this.#remotes) this.#pair(base, remote, remote.type);
    this.#arm();
  }

  #pair(base: Base, remote: Endpoint, remoteType: CandidateType): Pair {
    const key = endpointKey(remote);
    const known = this.#pairs.find((pair) => pair.base === base && endpointKey(pair.remote) === key);
    if (known !== undefined) return known;
    const ours = base.candidate.priority;
    const theirs = priorityOf(remoteType);
    const priority = this.#role === "controlling" ? pairPriority(ours, theirs) : pairPriority(theirs, ours);
    const dueMs = this.#process.clock.nowMs();
    const pair: Pair = { base, remote, remoteType, priority, state: "checking", wish: "none", attempts: 0, dueMs };
    this.#pairs.push(pair);
    this.#startChecking();
    return pair;
  }

  #startChecking(): void {
    if (this.#remote === undefined || this.#pairs.length === 0) return;
    if (this.#state === "new" || this.#state === "failed" || this.#before !== undefined) {
      this.#checkingSinceMs = this.#process.clock.nowMs();
      if (this.#state !== "checking") this.#enter("checking");
    }
  }

  #receive(base: Base, from: Endpoint, payload: unknown): void {
    const packet = payload as IcePacket;
    if (packet.ice === "check") this.#receiveCheck(base, from, packet);
    else if (packet.ice === "answer") this.#receiveAnswer(packet.id);
    else this.#listener.received(payload);
  }

  #receiveCheck(base: Base, from: Endpoint, check: Extract<IcePacket, { ice: "check" }>): void {
    const isOurs = check.to === this.#local || check.to === this.#before?.local;
    if (!isOurs) return;
    base.send(from, { ice: "answer", id: check.id }, checkBytes);
    if (check.from === this.#remote && check.to === this.#local) return this.#hear(base, from, check.nominates);
    if (check.to === this.#local && check.from !== this.#before?.remote && this.#early.length < 16) {
      this.#early.push({ base, from, nominates: check.nominates, fragment: check.from });
    }
  }

  /** RFC 8445 §7.3.1: a check that comes is a reason to check the same way back. */
  #hear(base: Base, from: Endpoint, nominates: boolean): void {
    const known = this.#remotes.find((remote) => endpointKey(remote) === endpointKey(from));
    const pair = this.#pair(base, from, known?.type ?? "prflx");
    if (nominates) pair.wish = "nominated";
    if (pair.state === "succeeded") this.#follow(pair);
    else {
      pair.state = "checking";
      pair.attempts = Math.min(pair.attempts, 2);
      pair.dueMs = this.#process.clock.nowMs();
    }
    this.#arm();
  }

  #receiveAnswer(id: number): void {
    const question = this.#open.get(id);
    if (question === undefined) return;
    this.#open.delete(id);
    const { pair, nominates } = question;
    if (pair === this.#selected) this.#heardFromPeer();
    if (!this.#pairs.includes(pair)) return this.#arm();
    pair.state = "succeeded";
    this.#firstMs ??= this.#process.clock.nowMs();
    if (nominates) this.#select(pair);
    else this.#follow(pair);
    this.#arm();
  }

  #follow(pair: Pair): void {
    if (this.#role === "controlled" && pair.wish === "nominated" && pair.state === "succeeded") this.#select(pair);
  }

  #heardFromPeer(): void {
    this.#heardMs = this.#process.clock.nowMs();
    if (this.#state === "disconnected" && this.#before === undefined) this.#enter("connected");
  }

  #select(pair: Pair): void {
    this.#before = undefined;
    if (pair === this.#selected) return this.#heardFromPeer();
    this.#selected = pair;
    pair.dueMs = this.#process.clock.nowMs() + consentMs;
    this.#heardMs = this.#process.clock.nowMs();
    if (this.#state !== "connected") this.#enter("connected");
    this.#listener.selected();
  }

  #enter(state: IceState): void {
    this.#state = state;
    this.#listener.stateChanged();
  }

  #check(pair: Pair, nominates: boolean): void {
    const isCurrent = this.#pairs.includes(pair);
    const names = isCurrent || this.#before === undefined ? { local: this.#local, remote: this.#remote } : this.#before;
    if (names.local === undefined || names.remote === undefined) return;
    const id = ++this.#asked;
    this.#open.set(id, { pair, nominates });
    // What was never answered needn't be known for ever.
    if (this.#open.size > 256) this.#open.delete(this.#open.keys().next().value as number);
    const check: IcePacket = { ice: "check", id, from: names.local, to: names.remote, nominates };
    pair.base.send(pair.remote, check, checkBytes);
  }

  #wake(): void {
    const nowMs = this.#process.clock.nowMs();
    if (this.#remote !== undefined) {
      for (const pair of this.#pairs)
        if (pair.state === "checking" && pair.dueMs <= nowMs) this.#checkAgain(pair, nowMs);
      this.#nominate(nowMs);
    }
    this.#keepConsent(nowMs);
    if (this.#state === "checking" && nowMs >= this.#checkingSinceMs + this.#profile.checkingMs) {
      this.#before = undefined;
      this.#selected = undefined;
      this.#enter("failed");
    }
    this.#arm();
  }

  #checkAgain(pair: Pair, nowMs: number): void {
    if (pair.attempts >= checksMost) {
      pair.state = "failed";
      return;
    }
    pair.attempts++;
    pair.dueMs = nowMs + checkFirstMs * 2 ** Math.min(6, pair.attempts);
    this.#check(pair, false);
  }

  /** RFC 8445 §8.1.1: regular nomination of the best pair that works. */
  #nominate(nowMs: number): void {
    if (this.#role !== "controlling" || this.#firstMs === undefined) return;
    if (nowMs < this.#firstMs + nominationMs) return;
    if (this.#selected !== undefined && this.#pairs.includes(this.#selected)) return;
    const best = this.#pairs.filter(({ state }) => state === "succeeded").sort((a, b) => b.priority - a.priority)[0];
    if (best === undefined || nowMs < best.dueMs) return;
    best.dueMs = nowMs + 200;
    this.#check(best, true);
  }

  #keepConsent(nowMs: number): void {
    const pair = this.#selected;
    if (pair === undefined) return;
    if (
      nowMs >= pair.dueMs &&
      (this.#role !== "controlling" || this.#pairs.includes(pair) || this.#before !== undefined)
    ) {
      pair.dueMs = nowMs + consentMs;
      this.#check(pair, false);
    }
    const silentMs = nowMs - this.#heardMs;
    if (this.#state === "connected" && silentMs >= this.#profile.disconnectedMs) this.#enter("disconnected");
    if (this.#state === "disconnected" && silentMs >= this.#profile.failedMs) {
      this.#selected = undefined;
      this.#enter("failed");
    }
  }

  #arm(): void {
    this.#cancel?.();
    if (this.#state === "closed") return;
    const times =
      this.#remote === undefined
        ? []
        : this.#pairs.filter(({ state }) => state === "checking").map(({ dueMs }) => dueMs);
    if (this.#state === "checking") times.push(this.#checkingSinceMs + this.#profile.checkingMs);
    if (this.#role === "controlling" && this.#firstMs !== undefined && !this.#pairs.includes(this.#selected as Pair)) {
      times.push(Math.max(this.#firstMs + nominationMs, this.#process.clock.nowMs() + 100));
    }
    if (this.#selected !== undefined) times.push(this.#selected.dueMs);
    if (times.length === 0) return;
    const delayMs = Math.max(1, Math.min(...times) - this.#process.clock.nowMs());
    this.#cancel = this.#process.clock.after(delayMs, () => this.#wake());
  }
}
