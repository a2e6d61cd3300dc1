import type { PeerId } from "@skein/protocol";
import type { Clock } from "../clock.js";
import { Alarm } from "../shared/alarm.js";
import { deferred } from "../shared/deferred.js";
import { encodeCertificate } from "./certificate.js";
import {
  type BallotBox,
  type BallotEffect,
  type BallotEnd,
  type BallotEvent,
  ballotDeadline,
  missingOf,
  startBallotBox,
  stepBallotBox,
} from "./core/ballot-box.js";
import { decisionOf } from "./core/rule.js";
import type { Outcome } from "./options.js";
import type { Proposal, SignedProposal } from "./proposal.js";

/** A proposal of ours while it is open, and a while after: late ballots may show a voter in two minds. */
export class OpenVote {
  readonly proposal: Proposal;
  readonly signed: SignedProposal;
  readonly #clock: Clock;
  readonly #alarm: Alarm;
  readonly #ended = deferred<BallotEnd>();
  readonly #tell: (effect: BallotEffect) => void;
  #box: BallotBox;

  constructor(
    proposal: Proposal,
    signed: SignedProposal,
    world: { readonly clock: Clock; tell(effect: BallotEffect): void },
  ) {
    this.proposal = proposal;
    this.signed = signed;
    this.#clock = world.clock;
    this.#tell = world.tell;
    this.#box = startBallotBox(proposal.rule, proposal.electorate, world.clock.nowMs() + proposal.timeoutMs);
    this.#alarm = new Alarm(world.clock, () => this.feed({ type: "woke" }));
    this.#alarm.set(ballotDeadline(this.#box)?.atMs);
  }

  /** How it ended. */
  get ended(): Promise<BallotEnd> {
    return this.#ended.promise;
  }

  get isOpen(): boolean {
    return this.#box.end === undefined;
  }

  /** Whether a ballot of this elector is still awaited. */
  awaits(voter: PeerId): boolean {
    const { cast, doubles } = this.#box;
    return this.isOpen && this.proposal.electorate.includes(voter) && !cast.has(voter) && !doubles.has(voter);
  }

  feed(event: BallotEvent): void {
    const { state, effects } = stepBallotBox(this.#box, event, this.#clock.nowMs());
    this.#box = state;
    this.#alarm.set(ballotDeadline(state)?.atMs);
    for (const effect of effects) {
      if (effect.type === "ended") this.#ended.resolve(effect.end);
      this.#tell(effect);
    }
  }

  outcome(end: Outcome["end"]): Outcome {
    const { cast, rule, electors } = this.#box;
    const yes = [...cast.values()].filter(({ choice }) => choice === "yes").length;
    // Who left could have voted, for all that others can know.
    const isProof = decisionOf(rule, electors.length, { yes, open: electors.length - cast.size }) !== undefined;
    const certificate = encodeCertificate(this.signed, cast.values());
    return {
      end,
      proposal: this.proposal,
      ballots: new Map([...cast].map(([voter, { choice }]) => [voter as PeerId, choice])),
      missing: new Map(missingOf(this.#box).map(({ voter, reason }) => [voter as PeerId, reason])),
      certificate: isProof ? certificate : undefined,
    };
  }
}
