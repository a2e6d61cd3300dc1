import {
  limits,
  type Messenger,
  type MessengerPeerEvent,
  type PeerId,
  SkeinError,
  type Unsubscribe,
} from "@skein/protocol";
import { SleepWatch } from "../agreement/sleep-watch.js";
import { handleTopic, isTopicTaken } from "../agreement/switchboard.js";
import { type Clock, platformClock } from "../clock.js";
import type { Election } from "../election/election.js";
import { waitFor } from "../election/wait.js";
import { Alarm } from "../shared/alarm.js";
import { mustHave } from "../shared/must-have.js";
import { startClaim } from "./core/claim.js";
import type { HolderMessage, LeaderMessage } from "./core/lock-messages.js";
import {
  type LockTable,
  type LockTableEvent,
  lockTableDeadline,
  startLockTable,
  stepLockTable,
} from "./core/lock-table.js";
import { LiveClaim, type Lock } from "./lock.js";
import { leaseEverMs, locksProtocol } from "./protocol.js";

/** Whose leader keeps the locks, and how long they may be leased. */
export interface LocksOptions {
  /** Whoever leads it keeps the locks. With a `quorum`, one holds a lock at a time; without, one in each part of a divided room. */
  readonly election: Election;
  /**
   * The longest lease that is granted; the same everywhere. A new leader waits that long before it grants anything that
   * nobody told it of. Default 5,000.
   */
  readonly leaseMostMs?: number;
  /** Default: the platform's. */
  readonly clock?: Clock;
}

/** For how long a lock is leased, and how long to wait for it. */
export interface AcquireOptions {
  /**
   * How long the lock outlasts its holder's silence. It is renewed at a third of it, for as long as it is held. A holder that
   * pauses for longer loses it. Default, and most: `leaseMostMs`.
   */
  readonly leaseMs?: number;
  /** How long to wait for it. Default 60,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const acquireTimeoutMs = 60_000;

/** Locks that the leader of an election keeps. Made by {@link createLocks}. */
export class Locks implements AsyncDisposable {
  readonly #messenger: Messenger;
  readonly #election: Election;
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #sleep: SleepWatch;
  readonly #leaseMostMs: number;
  readonly #claims = new Map<number, LiveClaim>();
  readonly #stops: Unsubscribe[];
  #table: LockTable;
  #numbers = 0;
  #state: "open" | "closed" = "open";

  /** @internal Use {@link createLocks}. */
  constructor(messenger: Messenger, { election, leaseMostMs = 5_000, clock = platformClock }: LocksOptions) {
    this.#messenger = messenger;
    this.#election = election;
    this.#clock = clock;
    this.#leaseMostMs = leaseMostMs;
    this.#sleep = new SleepWatch(clock);
    this.#alarm = new Alarm(clock, () => this.#feedTable({ type: "woke" }));
    this.#table = startLockTable(leaseMostMs);
    // Claims of an earlier process of this identity have other numbers.
    this.#numbers = Math.floor(clock.wallMs());
    const topic = election.name;
    this.#stops = [
      handleTopic(messenger, locksProtocol.holder, topic, (word, from) => this.#serve(word, from.id)),
      handleTopic(messenger, locksProtocol.leader, topic, (word, from) => this.#hear(word, from.id)),
      messenger.onPeer((event) => this.#meet(event)),
      election.on("leader", () => this.#follow()),
      election.on("elected", () => this.#follow()),
      election.on("deposed", () => this.#follow()),
    ];
    this.#follow();
  }

  /** What we hold. */
  get held(): readonly Lock[] {
    return [...this.#claims.values()].flatMap((claim) => claim.lock() ?? []).filter((lock) => lock.isHeld);
  }

  /**
   * Waits for a lock, in the order in which it was asked for, and holds it until it is freed.
   * @throws {SkeinError} `timeout`, `aborted`, `rate-limited` where too many wait, `bad-argument`, `closed`
   * @example
   * await using lock = await locks.acquire("index", { signal });
   * await rebuild({ token: lock.token, signal: lock.signal });
   */
  async acquire(name: string, options: AcquireOptions = {}): Promise<Lock> {
    const { leaseMs = this.#leaseMostMs, timeoutMs = acquireTimeoutMs, signal } = options;
    this.#mustBeOpen();
    mustName(name);
    if (!(leaseMs >= 1 && leaseMs <= this.#leaseMostMs)) {
      throw new SkeinError("bad-argument", `A lease is of 1 to ${this.#leaseMostMs} ms here: ask for one of these.`);
    }
    const claim = this.#claim(name, leaseMs);
    const wait = { clock: this.#clock, timeoutMs, what: `lock "${name}"`, isClosed: () => this.#state === "closed" };
    try {
      const lock = await waitFor(
        () => found(claim),
        (changed) => claim.watch(changed),
        signal === undefined ? wait : { ...wait, signal },
      );
      if (lock instanceof SkeinError) throw lock;
      return lock;
    } catch (error) {
      claim.feed({ type: "free" });
      throw error;
    }
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    for (const claim of [...this.#claims.values()]) claim.feed({ type: "free" });
    for (const stop of this.#stops) stop();
    this.#table = startLockTable(this.#leaseMostMs);
    this.#alarm.set(undefined);
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #claim(lock: string, leaseMs: number): LiveClaim {
    const number = ++this.#numbers;
    const wish = { lock, claim: number, leaseMs, leader: this.#election.leader?.id };
    const { state, effects } = startClaim(wish, this.#clock.nowMs());
    const claim = new LiveClaim(state, [], {
      clock: this.#clock,
      hasSlept: () => this.#sleep.hasSlept(),
      send: ({ to, message }) => this.#send(to as PeerId, message),
      ended: (ended) => this.#claims.delete(ended),
    });
    this.#claims.set(number, claim);
    for (const { to, message } of effects) this.#send(to as PeerId, message);
    return claim;
  }

  /** Another leads, or we do, or do no more. */
  #follow(): void {
    this.#takeOffice();
    const leader = this.#election.leader?.id;
    for (const claim of [...this.#claims.values()]) claim.feed({ type: "leader", leader });
  }

  #takeOffice(): void {
    const { token } = this.#election;
    if (token !== this.#table.office) this.#feedTable({ type: "office", token });
  }

  #meet({ type, peer }: MessengerPeerEvent): void {
    if (type === "gone") this.#feedTable({ type: "gone", from: peer.id });
  }

  #serve(message: HolderMessage, from: PeerId): void {
    // Whether we lead is looked at for each word: a lease may have ended since the last.
    this.#takeOffice();
    this.#feedTable({ type: "message", from, message });
  }

  #hear(message: LeaderMessage, from: PeerId): void {
    const claim = this.#claims.get(message.claim);
    if (claim !== undefined) return claim.feed({ type: "message", from, message });
    // We gave up waiting, and it crossed: the next one gets it.
    if (message.t === "granted") this.#send(from, { t: "free", lock: message.lock, claim: message.claim });
  }

  #feedTable(event: LockTableEvent): void {
    if (this.#state === "closed") return;
    if (event.type === "woke") this.#takeOffice();
    const { state, effects } = stepLockTable(this.#table, event, this.#clock.nowMs());
    this.#table = state;
    this.#alarm.set(lockTableDeadline(state)?.atMs);
    for (const { to, message } of effects) this.#answer(to as PeerId, message);
  }

  #send(to: PeerId, message: HolderMessage): void {
    if (to === this.#messenger.id) return queueMicrotask(() => this.#serve(message, to));
    this.#messenger.send(to, locksProtocol.holder, { topic: this.#election.name, ...message }).catch(() => {});
  }

  #answer(to: PeerId, message: LeaderMessage): void {
    if (to === this.#messenger.id) return queueMicrotask(() => this.#hear(message, to));
    this.#messenger.send(to, locksProtocol.leader, { topic: this.#election.name, ...message }).catch(() => {});
  }

  #mustBeOpen(): void {
    if (this.#state === "closed") throw new SkeinError("closed", "These locks were closed: create others.");
  }
}

/** The lock, or why there will be none; undefined while it is waited for. */
function found(claim: LiveClaim): Lock | SkeinError | undefined {
  const { hold, lock } = claim.state;
  if (hold.phase !== "over") return claim.lock();
  const isRefused = hold.reason === "too-many" || hold.reason === "too-long";
  const text = isRefused
    ? `The leader refuses the lock "${lock}" (${hold.reason}): try later, or with a shorter lease.`
    : `The lock "${lock}" was lost before it was used.`;
  return new SkeinError(isRefused ? "rate-limited" : "timeout", text);
}

function mustName(name: string): void {
  if (name !== "" && name.length <= limits.nameLength) return;
  throw new SkeinError("bad-argument", `A lock's name has 1 to ${limits.nameLength} characters.`);
}

/**
 * Locks for those of an election, kept by its leader. They are leases: renewed while they are held, free when their holder
 * has been silent for as long as one lasts. A new leader hears from holders before it grants anything.
 *
 * @throws {SkeinError} `bad-argument`
 * @example
 * const locks = createLocks(room, { election });
 * await using lock = await locks.acquire("index");
 */
export function createLocks(messenger: Messenger, options: LocksOptions): Locks {
  mustHave("createLocks", options, "election", "createElection");
  const { leaseMostMs = 5_000, election } = options;
  if (!(leaseMostMs >= 100 && leaseMostMs <= leaseEverMs)) {
    throw new SkeinError("bad-argument", `A lease is of 100 to ${leaseEverMs} ms at the most.`);
  }
  if (isTopicTaken(messenger, locksProtocol.holder, election.name)) {
    throw new SkeinError("bad-argument", `Election "${election.name}" keeps locks already: use those.`);
  }
  return new Locks(messenger, options);
}
