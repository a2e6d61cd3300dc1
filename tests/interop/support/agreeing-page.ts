import { joinRoom } from "@skein/client";
import {
  createElection,
  createLocks,
  createVotes,
  type Election,
  electionProtocol,
  type Locks,
  locksProtocol,
  type Votes,
  votesProtocol,
} from "@skein/coordination";
import { createIdentity, type PeerId } from "@skein/protocol";

/** What agreeing-agent.mjs is in Node, in a page: a member of an election. A test reaches it through `page.evaluate`. */
class AgreeingPage {
  #quorum: PeerId[] = [];
  #election: Election | undefined;
  #locks: Locks | undefined;
  #votes: Votes | undefined;

  /** Resolves once all others are linked. */
  async join(server: string, number: number, count: number): Promise<void> {
    const identityOf = (seed: number) => createIdentity({ random: () => new Uint8Array(32).fill(seed) });
    this.#quorum = Array.from({ length: count }, (_, i) => identityOf(i + 1).id);
    const identity = identityOf(number);
    const protocols = [electionProtocol, locksProtocol, votesProtocol];
    const room = await joinRoom({ server, room: "agree", identity, protocols });
    const election = await createElection(room, { identity, quorum: this.#quorum, score: -number, takeover: true });
    this.#election = election;
    this.#locks = createLocks(room, { election, leaseMostMs: 2_000 });
    this.#votes = createVotes(room, { identity });
    this.#votes.onProposal(
      "vote",
      (body: unknown) => body,
      () => new Promise<"yes">((resolve) => setTimeout(resolve, 300, "yes")),
    );
    const linked = () => [...room.peers.values()].filter(({ state }) => state === "connected").length;
    await new Promise<void>((resolve) => {
      const check = (): void => void (linked() === count - 1 && resolve());
      room.on("peer-connected", check);
      check();
    });
  }

  /** Resolves when this one leads, as far as we know. */
  async follows(number: number): Promise<void> {
    const election = this.#election as Election;
    const isSo = () => election.leader?.id === this.#quorum[number - 1];
    await new Promise<void>((resolve) => {
      const check = (): void => void (isSo() && resolve());
      election.on("leader", check);
      check();
    });
  }

  async lock(): Promise<string> {
    return (await (this.#locks as Locks).acquire("index")).token;
  }

  async vote(): Promise<string> {
    const votes = this.#votes as Votes;
    return (await votes.propose("vote", {}, { electorate: this.#quorum, timeoutMs: 5_000 })).end;
  }
}

export type AgreeingPageMethods = Pick<AgreeingPage, "join" | "follows" | "lock" | "vote">;

Object.assign(globalThis, { agreeing: new AgreeingPage() });
