import type { Room } from "@skein/client";
import {
  type Choice,
  createElection,
  createLocks,
  createVotes,
  type DecisionContext,
  type Election,
  type Lock,
  type Locks,
  type Outcome,
  type Votes,
} from "@skein/coordination";
import { type Identity, type PeerId, SkeinError } from "@skein/protocol";
import * as v from "valibot";
import { named, type OutputEvent } from "../stdio/envelope.js";
import type { EventWriter } from "../stdio/event-writer.js";
import { fromJson, toJson } from "../stdio/plain-json.js";
import type { AgreeingOperation } from "./agreeing-operations.js";

type OperationOf<Op extends AgreeingOperation["op"]> = Extract<AgreeingOperation, { op: Op }>;

/** A room's leader, votes and locks as lines of JSON. */
export class JsonAgreeing {
  readonly #election: Election;
  readonly #locks: Locks;
  readonly #votes: Votes;
  readonly #output: EventWriter;
  readonly #held = new Map<string, Lock>();
  /** Proposals that wait for our program's choice, by their numbers. */
  readonly #open = new Map<number, (choice: Choice) => void>();
  readonly #stop = new AbortController();
  #proposals = 0;
  /** The latest line about the leader. */
  #told = "";

  private constructor(room: Room, identity: Identity, election: Election, output: EventWriter) {
    this.#output = output;
    this.#election = election;
    this.#locks = createLocks(room, { election });
    this.#votes = createVotes(room, { identity });
    // Beside who leads it says whether we do, and that comes a moment later.
    for (const event of ["leader", "elected", "deposed"] as const) {
      election.on(event, () => queueMicrotask(() => this.#tellLeader()));
    }
    this.#votes.on("outcome", ({ from, proposal: { kind }, end, isProven }) => {
      output.write({ event: "told-outcome", from, kind, end, isProven });
    });
  }

  static async begin(room: Room, identity: Identity, output: EventWriter): Promise<JsonAgreeing> {
    return new JsonAgreeing(room, identity, await createElection(room), output);
  }

  async perform(operation: AgreeingOperation): Promise<OutputEvent> {
    const answer = named(operation.id);
    switch (operation.op) {
      case "leader":
        return { event: "leader", ...answer, ...this.#leader };
      case "resign":
        this.#election.resign();
        return { event: "resigned", ...answer };
      case "propose":
        return { event: "outcome", ...answer, ...outcomeJson(await this.#propose(operation)) };
      case "decide":
        this.#votes.onProposal(operation.kind, v.unknown(), (body, context) => this.#ask(body, context));
        return { event: "deciding", ...answer, kind: operation.kind };
      case "vote":
        this.#vote(operation);
        return { event: "voted", ...answer, proposal: operation.proposal };
      case "lock":
        return { event: "locked", ...answer, lock: operation.lock, token: await this.#lock(operation) };
      case "unlock":
        await this.#unlock(operation.lock);
        return { event: "unlocked", ...answer, lock: operation.lock };
    }
  }

  /** Gives up what we lead and hold; call it while the room is still open. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#locks.close();
    await this.#votes.close();
    await this.#election.close();
  }

  get #leader(): { readonly leader: unknown; readonly leads: boolean; readonly token?: string } {
    const { leader, token } = this.#election;
    const known = leader === undefined ? null : { id: leader.id, term: leader.term };
    return { leader: known, leads: token !== undefined, ...(token === undefined ? {} : { token }) };
  }

  #tellLeader(): void {
    const leader = this.#leader;
    const told = JSON.stringify(leader);
    if (told === this.#told || this.#stop.signal.aborted) return;
    this.#told = told;
    this.#output.write({ event: "leader", ...leader });
  }

  #propose({ kind, body, rule, electorate, choice, timeoutMs }: OperationOf<"propose">): Promise<Outcome> {
    const plain = fromJson(body);
    if (!plain.ok) throw new SkeinError("bad-body", `This body can't be put to the vote: ${plain.reason}.`);
    return this.#votes.propose(kind, plain.value, {
      rule,
      ballot: choice,
      signal: this.#stop.signal,
      ...(electorate === undefined ? {} : { electorate: electorate as PeerId[] }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  /** Hands a proposal out, and waits for the program's `vote`, for as long as that counts. */
  #ask(body: unknown, { proposal, signal }: DecisionContext): Promise<Choice> {
    const number = ++this.#proposals;
    return new Promise((resolve, reject) => {
      this.#open.set(number, resolve);
      signal.addEventListener("abort", () => {
        this.#open.delete(number);
        reject(new SkeinError("timeout", "Our program didn't vote in time."));
      });
      const { kind, proposer: from } = proposal;
      this.#output.write({ event: "proposal", proposal: number, kind, from, body: toJson(body) });
    });
  }

  #vote({ proposal, choice }: OperationOf<"vote">): void {
    const decide = this.#open.get(proposal);
    if (decide === undefined) {
      throw new SkeinError("bad-argument", `No proposal ${proposal} waits for a vote: it was given, or is too late.`);
    }
    this.#open.delete(proposal);
    decide(choice);
  }

  async #lock({ lock: name, leaseMs, timeoutMs }: OperationOf<"lock">): Promise<string> {
    if (this.#held.has(name)) throw new SkeinError("bad-argument", `The lock "${name}" is held by us already.`);
    const lock = await this.#locks.acquire(name, {
      signal: this.#stop.signal,
      ...(leaseMs === undefined ? {} : { leaseMs }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    this.#held.set(name, lock);
    lock.signal.addEventListener("abort", () => {
      this.#held.delete(name);
      this.#output.write({ event: "lost", lock: name });
    });
    return lock.token;
  }

  async #unlock(name: string): Promise<void> {
    const lock = this.#held.get(name);
    if (lock === undefined) throw new SkeinError("bad-argument", `The lock "${name}" isn't held by us.`);
    this.#held.delete(name);
    await lock.free();
  }
}

function outcomeJson({ end, ballots, missing, certificate }: Outcome): Readonly<Record<string, unknown>> {
  return {
    end,
    ballots: Object.fromEntries(ballots),
    missing: Object.fromEntries(missing),
    certificate: certificate === undefined ? null : toJson(certificate),
  };
}
