import type { PeerId, Unsubscribe } from "@skein/client";
import {
  type Choice,
  type Election,
  Fence,
  type Outcome,
  type Presence,
  type Votes,
  verifyCertificate,
} from "@skein/coordination";
import * as v from "valibot";
import { type Appointing, type AppointingEvent, appoint, following } from "./core/appointing.js";
import { couldKeepIndex, keeperBody, keeperKind, keepsIndex } from "./protocol.js";

/** What a vote on the keeper came to. */
export interface KeeperVote {
  readonly keeper: PeerId;
  readonly end: Outcome["end"];
  readonly ballots: ReadonlyMap<PeerId, Choice>;
  readonly electors: number;
}

export interface KeepershipParts {
  readonly id: PeerId;
  readonly presence: Presence;
  readonly election: Election;
  readonly votes: Votes;
  readonly voted: (vote: KeeperVote) => void;
}

const voteMs = 10_000;

/**
 * Which agent keeps the index: whoever leads proposes one, all vote, and who was voted for keeps it until it goes, or a later leader's vote names
 * another.
 */
export class Keepership {
  readonly #parts: KeepershipParts;
  readonly #fence = new Fence();
  readonly #stops: Unsubscribe[];
  readonly #over = new AbortController();
  #appointing: Appointing = following;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopKeeping: Unsubscribe | undefined;

  constructor(parts: KeepershipParts) {
    this.#parts = parts;
    const { presence, election, votes } = parts;
    const look = (): void => this.#feed("look");
    this.#stops = [
      votes.onProposal(keeperKind, keeperBody, (body, { proposal }) => this.#decide(body, proposal.proposer)),
      votes.on("outcome", ({ end, certificate, isProven }) => {
        if (end === "accepted" && isProven && certificate !== undefined) void this.#learn(certificate);
      }),
      election.on("leader", look),
      presence.on("joined", look),
      presence.on("changed", look),
      presence.on("left", look),
    ];
    look();
  }

  get isKeeper(): boolean {
    return this.#stopKeeping !== undefined;
  }

  /** Who keeps it, as far as we know; ourselves where we do. */
  get keeper(): PeerId | undefined {
    if (this.isKeeper) return this.#parts.id;
    return this.#parts.presence.find({ capabilities: [keepsIndex] })[0]?.id;
  }

  close(): void {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#timer);
    this.#over.abort();
  }

  #feed(type: AppointingEvent["type"]): void {
    if (this.#over.signal.aborted) return;
    const { state, propose } = appoint(this.#appointing, { type, sight: this.#sight() }, performance.now());
    this.#appointing = state;
    clearTimeout(this.#timer);
    if (state.phase === "watching" && state.untilMs !== undefined) {
      this.#timer = setTimeout(() => this.#feed("look"), Math.max(0, state.untilMs - performance.now()));
    }
    if (propose !== undefined) void this.#propose(propose as PeerId);
  }

  #sight() {
    const { id, presence, election } = this.#parts;
    const having = (capability: string): PeerId[] => [
      ...presence.find({ capabilities: [capability] }).map((peer) => peer.id),
      // Last: who leads has something to do already.
      ...(presence.own.capabilities.includes(capability) ? [id] : []),
    ];
    return { leads: election.isLeader, keepers: having(keepsIndex), candidates: having(couldKeepIndex) };
  }

  async #propose(keeper: PeerId): Promise<void> {
    const { votes, election, voted } = this.#parts;
    const { token } = election;
    try {
      if (token === undefined) return;
      const options = { timeoutMs: voteMs, signal: this.#over.signal };
      const { end, ballots, missing, certificate } = await votes.propose(keeperKind, { keeper, token }, options);
      if (end === "accepted" && certificate !== undefined) await this.#learn(certificate);
      else voted({ keeper, end, ballots, electors: ballots.size + missing.size });
    } catch {
      // Taken back, since we are leaving.
    } finally {
      this.#feed("voted");
    }
  }

  /** Yes to whoever we can reach, where the one that leads asks. */
  #decide({ keeper }: v.InferOutput<typeof keeperBody>, proposer: PeerId): boolean {
    const { id, presence, election } = this.#parts;
    const can = keeper === id ? presence.own : presence.get(keeper as PeerId);
    return proposer === election.leader?.id && can?.capabilities.includes(couldKeepIndex) === true;
  }

  /** Does as was decided, unless a later leader has decided otherwise. */
  async #learn(certificate: Uint8Array): Promise<void> {
    const { id, presence, voted } = this.#parts;
    const outcome = await verifyCertificate(certificate);
    if (!outcome.ok || this.#over.signal.aborted) return;
    const { proposal, ballots, decision } = outcome.value;
    const { success, output } = v.safeParse(keeperBody, proposal.body);
    if (proposal.kind !== keeperKind || decision !== "accepted" || !success || !this.#fence.admit(output.token)) return;
    if (output.keeper === id) this.#stopKeeping ??= presence.provide(keepsIndex);
    else this.#stopKeeping = this.#stopKeeping?.() as undefined;
    voted({ keeper: output.keeper as PeerId, end: "accepted", ballots, electors: proposal.electorate.length });
  }
}
