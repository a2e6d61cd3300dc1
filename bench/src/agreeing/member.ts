// A member of an election in a Node process of its own, which holds locks and votes as well.
import { createIdentity, joinRoom, type Room } from "@skein/client";
import {
  createElection,
  createLocks,
  createVotes,
  type Election,
  electionProtocol,
  type Lock,
  type Locks,
  locksProtocol,
  type Votes,
  votesProtocol,
} from "@skein/coordination";
import { answerCalls } from "../child.ts";
import { Counted } from "./counted.ts";

export interface Place {
  readonly url: string;
  readonly room: string;
  /** From 0: the lower, the higher its rank. */
  readonly number: number;
  readonly members: number;
}

/** What crosses the process boundary: all of it plain data. */
export interface MemberMethods extends Record<string, (...args: never[]) => unknown> {
  /** Resolves once all others are linked. */
  enter(place: Place): Promise<void>;
  /** Resolves with its number, once somebody leads who isn't `but`. */
  follows(but?: number): Promise<number>;
  /** Messages of its election so far. */
  words(): number;
  /** So many votes, one after the other; gives how long they took. */
  voteMs(votes: number): Promise<number>;
  /** Resolves once it holds the lock, with when that was: the clock of all processes. */
  lock(): Promise<number>;
  /** Gives it back; and when that was. */
  unlock(): Promise<number>;
  leave(): Promise<void>;
}

const kind = "bench";
let room: Room;
let election: Election;
let locks: Locks;
let votes: Votes;
let words: Counted;
let held: Lock | undefined;
let ids: readonly string[] = [];

const clockMs = () => performance.timeOrigin + performance.now();

const methods: MemberMethods = {
  async enter({ url, room: name, number, members }) {
    const identityOf = (seed: number) => createIdentity({ random: () => new Uint8Array(32).fill(seed + 1) });
    const quorum = Array.from({ length: members }, (_, i) => identityOf(i).id);
    ids = quorum;
    const identity = identityOf(number);
    const protocols = [electionProtocol, locksProtocol, votesProtocol];
    room = await joinRoom({ server: url, room: name, identity, protocols });
    await linked(members - 1);
    words = new Counted(room);
    election = await createElection(words, { identity, quorum, score: -number });
    locks = createLocks(room, { election });
    votes = createVotes(room, { identity });
    votes.onProposal(kind, Number, () => "yes");
  },
  async follows(but) {
    const isSo = () => election.leader !== undefined && ids.indexOf(election.leader.id) !== but;
    await new Promise<void>((resolve) => {
      const check = () => isSo() && resolve();
      election.on("leader", check);
      check();
    });
    return ids.indexOf(election.leader?.id ?? "");
  },
  words: () => words.sent,
  async voteMs(count) {
    const startedMs = performance.now();
    for (let vote = 0; vote < count; vote++) {
      const { end } = await votes.propose(kind, vote);
      if (end !== "accepted") throw new Error(`A vote is ${end}.`);
    }
    return performance.now() - startedMs;
  },
  async lock() {
    held = await locks.acquire("bench");
    return clockMs();
  },
  async unlock() {
    const atMs = clockMs();
    await held?.free();
    return atMs;
  },
  async leave() {
    await locks.close();
    await votes.close();
    await election.close();
    await room.leave();
  },
};

function linked(count: number): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if ([...room.peers.values()].filter(({ state }) => state === "connected").length === count) resolve();
    };
    room.on("peer-connected", check);
    check();
  });
}

answerCalls(methods);
