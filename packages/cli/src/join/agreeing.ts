import type { Room } from "@skein/client";
import {
  type Choice,
  createElection,
  createLocks,
  createVotes,
  type Election,
  electionProtocol,
  type Lock,
  type Locks,
  locksProtocol,
  type Outcome,
  type Votes,
  votesProtocol,
} from "@skein/coordination";
import type { Identity, PeerId } from "@skein/protocol";
import * as v from "valibot";
import { deferred } from "../process/deferred.js";
import { clean } from "../terminal/ink.js";

/** What a chat speaks to agree. */
export const agreeingProtocols = [electionProtocol, locksProtocol, votesProtocol];

/** For the chat's `/help`. */
export const agreeingHelp = [
  ["/leader", "who leads the room; /leader resign gives it up"],
  ["/vote TEXT", "ask everyone; they answer with /yes or /no within a minute"],
  ["/lock NAME", "wait for a lock and hold it; /unlock NAME gives it back"],
];

const questionKind = "skein.chat/question";
const question = v.object({ text: v.pipe(v.string(), v.minLength(1), v.maxLength(1000)) });
const voteMs = 60_000;

interface World {
  readonly room: Room;
  readonly identity: Identity;
  nameOf(id: PeerId): string;
  note(text: string): void;
}

/** A room's leader, votes and locks, by the commands of a chat. */
export class Agreeing {
  readonly #world: World;
  readonly #election: Election;
  readonly #locks: Locks;
  readonly #votes: Votes;
  readonly #held = new Map<string, Lock>();
  readonly #stop = new AbortController();
  /** Answers the question that waits for us. */
  #answer: ((choice: Choice) => void) | undefined;

  private constructor(world: World, election: Election) {
    this.#world = world;
    this.#election = election;
    this.#locks = createLocks(world.room, { election });
    this.#votes = createVotes(world.room, { identity: world.identity });
    this.#votes.onProposal(questionKind, question, ({ text }, { proposal, signal }) =>
      this.#ask(text, proposal.proposer, signal),
    );
    election.on("leader", (leader) => {
      if (leader !== undefined) world.note(`${this.#named(leader.id)} the room`);
    });
  }

  static async begin(world: World): Promise<Agreeing> {
    return new Agreeing(world, await createElection(world.room));
  }

  /** Does what a line says, where it is one of ours. */
  run(line: string): boolean {
    const [command, ...words] = line.split(/\s+/);
    const rest = words.join(" ");
    switch (command) {
      case "/leader":
        this.#leader(rest);
        return true;
      case "/vote":
        this.#tell(this.#vote(rest));
        return true;
      case "/yes":
      case "/no":
        this.#reply(command === "/yes" ? "yes" : "no");
        return true;
      case "/lock":
        this.#tell(this.#lock(rest));
        return true;
      case "/unlock":
        this.#tell(this.#unlock(rest));
        return true;
      default:
        return false;
    }
  }

  /** Gives up what we lead and hold; call it while the room is still open. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#locks.close();
    await this.#votes.close();
    await this.#election.close();
  }

  #leader(what: string): void {
    if (what === "resign") return this.#election.resign();
    const { leader } = this.#election;
    this.#world.note(leader === undefined ? "Nobody leads." : `${this.#named(leader.id)}, in term ${leader.term}`);
  }

  #named(id: PeerId): string {
    return id === this.#world.room.id ? "You lead" : `${this.#world.nameOf(id)} leads`;
  }

  async #vote(text: string): Promise<string> {
    if (text === "") return "What is the question? /vote shall we go?";
    const options = { timeoutMs: voteMs, signal: this.#stop.signal };
    return outcomeText(await this.#votes.propose(questionKind, { text: text.slice(0, 1000) }, options));
  }

  #ask(text: string, from: PeerId, signal: AbortSignal): Promise<Choice> {
    const decided = deferred<Choice>();
    this.#answer?.("abstain");
    this.#answer = decided.resolve;
    signal.addEventListener("abort", () => decided.resolve("abstain"), { once: true });
    this.#world.note(`${this.#world.nameOf(from)} asks: ${clean(text)}  (/yes or /no)`);
    return decided.promise;
  }

  #reply(choice: Choice): void {
    if (this.#answer === undefined) return this.#world.note("Nobody has asked anything.");
    this.#answer(choice);
    this.#answer = undefined;
  }

  async #lock(name: string): Promise<string> {
    if (name === "") return "Which lock? /lock printer";
    if (this.#held.has(name)) return `You hold ${clean(name)} already.`;
    const lock = await this.#locks.acquire(name, { signal: this.#stop.signal });
    this.#held.set(name, lock);
    lock.signal.addEventListener("abort", () => {
      this.#held.delete(name);
      this.#world.note(`You have lost the lock ${clean(name)}.`);
    });
    return `You hold ${clean(name)}.`;
  }

  async #unlock(name: string): Promise<string> {
    const lock = this.#held.get(name);
    this.#held.delete(name);
    await lock?.free();
    return lock === undefined ? `You don't hold ${clean(name)}.` : `You gave ${clean(name)} back.`;
  }

  /** Says what came of it, in one sentence; nothing where we leave meanwhile. */
  #tell(result: Promise<string>): void {
    const note = (text: string): void => {
      if (!this.#stop.signal.aborted) this.#world.note(text);
    };
    result.then(note, (error: unknown) => note(error instanceof Error ? error.message : "It failed."));
  }
}

function outcomeText({ end, ballots, missing }: Outcome): string {
  const count = (choice: Choice): number => [...ballots.values()].filter((each) => each === choice).length;
  return `The vote is ${end}: ${count("yes")} yes, ${count("no")} no, ${missing.size + count("abstain")} without a voice.`;
}
