import type { Messenger, MessengerPeer, MessengerPeerEvent, PeerId, Unsubscribe } from "@skein/protocol";
import { Rejections } from "../agreement/rejections.js";
import { SleepWatch } from "../agreement/sleep-watch.js";
import { handleTopic } from "../agreement/switchboard.js";
import { type Clock, platformClock } from "../clock.js";
import { Alarm } from "../shared/alarm.js";
import { Emitter } from "../shared/emitter.js";
import { electionDeadline, isLeading, leaderOf, startElection, stepElection } from "./core/election.js";
import type { ElectionEffect, ElectionEvent, ElectionMemory, ElectionState, Message } from "./core/state.js";
import { defaultBeatMs, timingOf } from "./core/timing.js";
import { type FencingToken, tokenOf } from "./fence.js";
import { mustFit } from "./fit.js";
import type { ElectionEvents, ElectionOptions, ElectionRefusal, Leader } from "./options.js";
import { type ElectionWord, electionProtocol } from "./protocol.js";
import { ProvenWords } from "./proven-words.js";
import { waitFor } from "./wait.js";

/** Milliseconds that `whenLed` waits where it isn't told. */
const waitMs = 30_000;

/** Who leads a room, or a part of it. Made by {@link createElection}. */
export class Election implements AsyncDisposable {
  readonly name: string;
  readonly #messenger: Messenger;
  readonly #options: ElectionOptions;
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #sleep: SleepWatch;
  readonly #words: ProvenWords;
  readonly #emitter = new Emitter<ElectionEvents>();
  readonly #rejections = new Rejections<ElectionRefusal>();
  readonly #stops: Unsubscribe[];
  #state: ElectionState;
  /** Up to here what must not be forgotten is safe. */
  #savedTerm: number;
  #told: Leader | undefined;
  #toldLeading: number | undefined;
  #inbox: Promise<void> = Promise.resolve();
  #outbox: Promise<void> = Promise.resolve();

  /** @internal Use {@link createElection}. */
  constructor(messenger: Messenger, options: ElectionOptions, memory: ElectionMemory | undefined) {
    const { name = "leader", score = 0, candidate = true, takeover = false, quorum, beatMs = defaultBeatMs } = options;
    this.name = name;
    this.#messenger = messenger;
    this.#options = options;
    this.#clock = options.clock ?? platformClock;
    this.#alarm = new Alarm(this.#clock, () => this.#feed({ type: "woke" }));
    this.#sleep = new SleepWatch(this.#clock);
    this.#words = new ProvenWords(name, messenger.id, options);
    const self = { score, startedMs: options.startedMs ?? this.#clock.wallMs(), id: messenger.id };
    const settings = { self, candidate, takeover, members: quorum, timing: timingOf(beatMs) };
    this.#state = startElection(settings, this.#clock.nowMs(), memory);
    this.#savedTerm = this.#state.memory.term;
    this.#stops = [
      handleTopic(messenger, electionProtocol.word, name, (word, from) => this.#receive(word, from)),
      messenger.onPeer((event) => this.#hear(event)),
    ];
    for (const peer of messenger.peers.values()) if (isReachable(peer)) this.#greet(peer.id);
    this.#alarm.set(electionDeadline(this.#state)?.atMs);
  }

  /** Who leads, as far as we know; ourselves where we do. */
  get leader(): Leader | undefined {
    this.#look();
    const leader = leaderOf(this.#state, this.#clock.nowMs());
    if (leader?.id === this.#messenger.id && !this.isLeader) return undefined;
    return leader === undefined ? undefined : { id: leader.id as PeerId, term: leader.term };
  }

  /**
   * Whether we lead, at this moment. It may end at any moment after: what must not be done by two takes
   * {@link Election.token} along, and has somebody look at it.
   */
  get isLeader(): boolean {
    this.#look();
    const { role } = this.#state;
    return isLeading(this.#state, this.#clock.nowMs()) && role.phase === "leading" && role.term <= this.#savedTerm;
  }

  /** What goes with all that we do as the leader, for a {@link Fence}; undefined where we don't lead. */
  get token(): FencingToken | undefined {
    const { role } = this.#state;
    return this.isLeader && role.phase === "leading" ? tokenOf(role.term, this.#messenger.id) : undefined;
  }

  /** How often something wasn't believed, by reason. */
  get refused(): Readonly<Record<string, number>> {
    return this.#rejections.counts;
  }

  /** The latest hundred of them. */
  get evidence(): readonly ElectionRefusal[] {
    return this.#rejections.latest;
  }

  /** Listens for an event; gives what ends that. */
  on<Name extends keyof ElectionEvents>(name: Name, listener: (event: ElectionEvents[Name]) => void): Unsubscribe {
    return this.#emitter.on(name, listener);
  }

  /**
   * Waits until somebody leads.
   * @param options.timeoutMs default 30,000
   * @throws {SkeinError} `timeout`, `aborted`, `closed`
   */
  async whenLed(options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}): Promise<Leader> {
    const what = `a leader of "${this.name}"`;
    const isClosed = () => this.#state.role.phase === "closed";
    const wait = { timeoutMs: waitMs, ...options, clock: this.#clock, what, isClosed };
    return waitFor(
      () => this.leader,
      (changed) => this.on("leader", changed),
      wait,
    );
  }

  /** Leads no more, and again only where nobody else would. Without effect where we don't lead. */
  resign(): void {
    if (this.isLeader) this.#feed({ type: "resign" });
  }

  /** Leaves the election: who leads says so, and others elect another at once. */
  async close(): Promise<void> {
    if (this.#state.role.phase === "closed") return;
    for (const stop of this.#stops) stop();
    const before = this.#told;
    this.#feed({ type: "close" });
    this.#alarm.set(undefined);
    await this.#outbox;
    // Whoever waits for a leader hears it, though there was none before either.
    if (before === undefined) this.#emitter.emit("leader", undefined);
    this.#emitter.clear();
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #look(): void {
    if (this.#sleep.hasSlept()) this.#feed({ type: "slept" });
  }

  #hear({ type, peer }: MessengerPeerEvent): void {
    if (type === "reachable") this.#greet(peer.id);
    if (type !== "gone") return;
    this.#words.forget(peer.id);
    this.#feed({ type: "gone", from: peer.id });
  }

  #greet(id: PeerId): void {
    this.#feed({ type: "reachable", from: id });
  }

  /** One after the other: what has to be verified must not be overtaken. */
  #receive(word: ElectionWord, from: MessengerPeer): Promise<void> {
    this.#inbox = this.#inbox.then(async () => {
      const heard = await this.#words.hear(word, from.id);
      if (heard.as === "refused") return this.#refuse(from.id, heard.reason, word);
      // We missed its first word: asked who it is, it shows its votes again.
      if (heard.as === "unknown") return this.#greet(from.id);
      // It may have left while its word was looked at.
      if (!this.#messenger.peers.has(from.id)) return;
      this.#feed({ type: "message", from: from.id, message: heard.message });
    });
    return this.#inbox;
  }

  #refuse(from: PeerId, reason: ElectionRefusal["reason"], claim: unknown): void {
    const refusal = { from, reason, claim };
    this.#rejections.add(refusal);
    this.#emitter.emit("refused", refusal);
  }

  #feed(event: ElectionEvent): void {
    const first = this.#sleep.hasSlept()
      ? stepElection(this.#state, { type: "slept" }, this.#clock.nowMs())
      : undefined;
    const { state, effects } = stepElection(first?.state ?? this.#state, event, this.#clock.nowMs());
    this.#state = state;
    this.#alarm.set(electionDeadline(state)?.atMs);
    this.#carryOut([...(first?.effects ?? []), ...effects]);
    this.#tell();
  }

  #carryOut(effects: readonly ElectionEffect[]): void {
    if (effects.length === 0) return;
    const everyone = [...this.#state.peers.keys()] as PeerId[];
    this.#outbox = this.#outbox.then(async () => {
      for (const effect of effects) {
        if (effect.type === "remember") await this.#remember(effect.memory);
        else if (effect.type === "refuse") this.#refuse(effect.from as PeerId, effect.reason, effect.message);
        else
          await this.#send(effect.to === "all" ? everyone : [effect.to as PeerId], effect.message, effect.to !== "all");
      }
    });
    // A store that fails stops what depends on it: nothing more is promised.
    this.#outbox.catch(() => {});
  }

  async #remember(memory: ElectionMemory): Promise<void> {
    await this.#options.store?.save(memory);
    this.#savedTerm = Math.max(this.#savedTerm, memory.term);
    if (memory.votedFor === this.#messenger.id) await this.#words.begin(memory.term);
    this.#tell();
  }

  async #send(to: readonly PeerId[], message: Message, isAnswer: boolean): Promise<void> {
    for (const id of to) {
      const word = await this.#words.say(id, message, isAnswer);
      // Whoever doesn't speak of elections, or is gone meanwhile, is told nothing.
      this.#messenger.send(id, electionProtocol.word, word).catch(() => {});
    }
  }

  /** Tells listeners what is different from what they were told. */
  #tell(): void {
    const leader = this.leader;
    const { role } = this.#state;
    const leading = role.phase === "leading" && this.isLeader ? role.term : undefined;
    const before = this.#toldLeading;
    this.#toldLeading = leading;
    if (before !== undefined && leading !== before) this.#emitter.emit("deposed", { term: before });
    if (leader?.id !== this.#told?.id || leader?.term !== this.#told?.term) {
      this.#told = leader;
      this.#emitter.emit("leader", leader);
    }
    if (leading !== undefined && leading !== before) {
      this.#emitter.emit("elected", { term: leading, token: tokenOf(leading, this.#messenger.id) });
    }
  }
}

/** Some messengers list peers before messages can go there. */
function isReachable({ state }: MessengerPeer): boolean {
  return state === undefined || state === "connected";
}

/**
 * Takes part in an election: one of those who take part leads, and all are told who.
 *
 * Without `quorum`, whoever is of the highest rank among those who reach each other leads, at once and with any number of
 * peers; where the room is divided, each part has a leader, and when it heals the higher rank goes on. With it, at most one
 * leads at any time. Either way what a leader does goes with {@link Election.token}.
 *
 * @throws {SkeinError} `bad-argument`, `too-large`
 * @example
 * const election = await createElection(room, { score: isController ? 1 : 0, takeover: true });
 * election.on("elected", ({ token }) => drive(token));
 * election.on("deposed", () => stop());
 */
export async function createElection(messenger: Messenger, options: ElectionOptions = {}): Promise<Election> {
  mustFit(messenger, options);
  const memory = await options.store?.load();
  return new Election(messenger, options, memory);
}
