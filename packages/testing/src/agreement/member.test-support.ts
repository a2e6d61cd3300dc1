import {
  createElection,
  createLocks,
  createVotes,
  type Election,
  type ElectionMemory,
  type Lock,
  type Locks,
  type Votes,
} from "@skein/coordination";
import { defineProtocol, message, type PeerId } from "@skein/protocol";
import type { SeededRandom } from "../core/seeded-random.js";
import type { SimAgent } from "../world/sim-agent.js";
import { syncEd25519 } from "../world/sync-ed25519.js";
import type { Promises, Witness } from "./promises.test-support.js";
import type { Waits } from "./waits.test-support.js";

/** By it members find out that they hear each other: a path that is there may have a backlog to send again first. */
export const probeProtocol = defineProtocol("skein.test-agreement", "1.0.0", {
  probe: message(Number, { lane: "control" }),
});

const questionKind = "agreement.keeper";
const leaseMostMs = 3_000;
const question = (body: unknown) => body as { readonly keeper: string };
/** As late as a process is that looked, saw that it leads, and stood still. */
const lateMs = 6_000;

/** What all members of a run have. */
export interface Gathering {
  readonly promises: Promises;
  readonly waits: Waits;
  /** Everyone who is asked in a vote. */
  electorate(): readonly PeerId[];
  /** Of whom a majority stands behind a leader; undefined where each part of the room has one. */
  quorum(): readonly PeerId[] | undefined;
  /** Something isn't as it was promised. */
  failed(problem: string): void;
}

/** One run of a member's program: from its joining to its end. */
interface Life {
  election: Election | undefined;
  locks: Locks | undefined;
  votes: Votes | undefined;
  held: Lock | undefined;
}

/** An agent that takes part in an election, holds the lock whenever it can, and puts things to the vote; again after each crash. */
export class Member {
  readonly agent: SimAgent;
  readonly #gathering: Gathering;
  readonly #random: SeededRandom;
  readonly #score: number;
  #memory: ElectionMemory | undefined;
  #life: Life | undefined;
  #works = true;
  /** The latest probe that came, of each. */
  readonly #probed = new Map<PeerId, number>();

  constructor(agent: SimAgent, gathering: Gathering, random: SeededRandom) {
    this.agent = agent;
    this.#gathering = gathering;
    this.#random = random;
    this.#score = random.below(2);
  }

  get election(): Election | undefined {
    return this.#life?.election;
  }

  get isRunning(): boolean {
    return this.agent.phase === "running" && this.agent.isIn;
  }

  get witness(): Witness {
    return { election: this.#life?.election, held: this.#life?.held };
  }

  /** What was turned away here, by reason. */
  get refused(): readonly string[] {
    return [this.#life?.election, this.#life?.votes].flatMap((part) => Object.keys(part?.refused ?? {}));
  }

  /** The program: runs with each room that the agent joins. */
  async start(): Promise<void> {
    const { agent } = this;
    const life: Life = { election: undefined, locks: undefined, votes: undefined, held: undefined };
    this.end();
    this.#life = life;
    agent.room.handle(probeProtocol.probe, (number, from) => void this.#probed.set(from.id, number));
    const signing = { identity: agent.identity, ed25519: syncEd25519, clock: agent.clock };
    const quorum = this.#gathering.quorum();
    const store = {
      load: async () => this.#memory,
      save: async (memory: ElectionMemory) => {
        this.#memory = memory;
      },
    };
    const members = quorum === undefined ? {} : { quorum };
    const options = { ...signing, ...members, store, score: this.#score, takeover: this.#random.chance(0.5) };
    life.election = await createElection(agent.room, options);
    life.election.on("elected", ({ token }) => this.#write("led", token));
    life.locks = createLocks(agent.room, { election: life.election, clock: agent.clock, leaseMostMs });
    life.votes = createVotes(agent.room, { ...signing, random: (length) => this.#random.bytes(length) });
    this.#decide(life.votes);
    for (const work of [this.#lock, this.#propose, this.#follow]) void this.#work(life, work);
  }

  /** Its process is no more. */
  end(): void {
    if (this.#life !== undefined) this.#gathering.waits.end(this.#life);
    this.#life = undefined;
  }

  probe(others: readonly PeerId[], number: number): void {
    for (const id of others) this.agent.room.send(id, probeProtocol.probe, number).catch(() => {});
  }

  hasHeard(others: readonly PeerId[], number: number): boolean {
    return others.every((id) => this.#probed.get(id) === number);
  }

  /** Begins nothing any more; what it waits for has to end. */
  rest(): void {
    this.#works = false;
  }

  async close(): Promise<void> {
    const { locks, votes, election } = this.#life ?? {};
    await locks?.close();
    await votes?.close();
    await election?.close();
  }

  async #work(life: Life, work: (life: Life) => Promise<void>): Promise<void> {
    while (this.#works && this.#life === life) {
      // That it isn't had in time, or was closed, is an end as good as any.
      await work.call(this, life).catch(() => {});
      await this.#pause(this.#random.between(1_000, 6_000));
    }
  }

  /** Holds the lock for a while. */
  async #lock(life: Life): Promise<void> {
    const options = { leaseMs: this.#random.pick([1_500, leaseMostMs]), timeoutMs: 15_000 };
    const wait = life.locks?.acquire("index", options) ?? Promise.reject();
    const lock = await this.#gathering.waits.track(life, `${this.agent.name}: the lock`, wait);
    life.held = lock;
    this.#write("locked", lock.token);
    await this.#pause(this.#random.between(200, 3_000));
    if (this.#random.chance(0.8) || !this.#works) await lock.free();
  }

  async #propose(life: Life): Promise<void> {
    const { waits, promises } = this.#gathering;
    const rule = this.#random.pick(["majority", "unanimous", { quorum: 2 }] as const);
    const options = { rule, electorate: this.#gathering.electorate(), timeoutMs: 4_000 };
    const vote = life.votes?.propose(questionKind, { keeper: this.agent.name }, options) ?? Promise.reject();
    const outcome = await waits.track(life, `${this.agent.name}: a vote`, vote);
    this.#hold(await promises.outcome(outcome));
  }

  async #follow(life: Life): Promise<void> {
    const wait = life.election?.whenLed({ timeoutMs: 10_000 }) ?? Promise.reject();
    await this.#gathering.waits.track(life, `${this.agent.name}: a leader`, wait);
    await this.#pause(3_000);
  }

  #decide(votes: Votes): void {
    votes.onProposal(questionKind, question, async () => {
      await this.#pause(this.#random.below(300));
      return this.#random.chance(0.7);
    });
    votes.on("outcome", ({ end, isProven, certificate }) => {
      if (!isProven || certificate === undefined) return;
      const outcome = { end, certificate } as Parameters<Promises["outcome"]>[0];
      void this.#gathering.promises.outcome(outcome).then((problem) => this.#hold(problem));
    });
  }

  /** At once, and at times much later, when another may have written. */
  #write(to: "led" | "locked", token: string): void {
    const resource = this.#gathering.promises[to];
    resource.write(token);
    if (this.#random.chance(0.3)) this.agent.clock.after(lateMs, () => resource.write(token));
  }

  #hold(problem: string | undefined): void {
    if (problem !== undefined) this.#gathering.failed(problem);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.agent.clock.after(ms, resolve));
  }
}
