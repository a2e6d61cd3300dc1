import { toBase64Url } from "@skein/protocol";
import * as v from "valibot";
import { IdentityNetwork } from "../agreement/identity-network.test-support.js";
import type { MemoryMessenger } from "../simulation/memory-network.test-support.js";
import type { Random } from "../simulation/random.test-support.js";
import { BallotCollector } from "./ballot-collector.test-support.js";
import { verifyCertificate } from "./certificate.js";
import type { Choice, Rule } from "./core/rule.js";
import type { Outcome } from "./options.js";
import { VoteLiar } from "./vote-liar.test-support.js";
import { createVotes, type Votes } from "./votes.js";

const kind = "acme.keeper";
const schema = v.object({ keeper: v.string() });
const timeoutMs = 5_000;

interface Honest {
  readonly number: number;
  messenger: MemoryMessenger;
  votes: Votes;
}

/**
 * Votes among three to five, of whom up to two lie, through delays, cuts, crashes and starts that forget. All ballots that anybody signed
 * are collected, as if everyone who lies worked together, and certificates are made of them in every way that helps.
 */
export class VoteWorld {
  readonly network: IdentityNetwork;
  readonly #random: Random;
  readonly #count: number;
  readonly #honest: Honest[] = [];
  readonly #liars: VoteLiar[] = [];
  /** Those who may have signed two ways, since they lie, or since they forgot. */
  readonly #doubtful = new Set<string>();
  readonly #collector: BallotCollector;
  readonly #votes: Promise<Outcome | undefined>[] = [];

  constructor(seed: number) {
    this.network = new IdentityNetwork(seed);
    const random = this.network.random;
    this.#random = random;
    this.network.delayMs = () => random.below(300);
    this.network.noticeMs = () => random.below(1_000);
    this.#collector = new BallotCollector(this.network.ed25519);
    this.#count = 3 + random.below(3);
    const lying = Math.min(random.below(3), this.#count - 2);
    for (let number = 0; number < this.#count; number++) {
      if (number >= this.#count - lying) this.#addLiar(number);
      else this.#honest.push(this.#start(number));
    }
  }

  /** How often liars could prove both of an answer and its opposite: by somebody who signed both. */
  get contradictions(): number {
    return this.#collector.contradictions;
  }

  /** What honest ones turned away, by reason. */
  get refused(): readonly string[] {
    return this.#honest.flatMap(({ votes }) => Object.keys(votes.refused));
  }

  async chaos(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      if (this.#random.chance(0.3)) this.#propose();
      for (const liar of this.#liars) if (this.#random.chance(0.5)) liar.lie(this.#ids());
      this.#fault();
      await this.network.clock.pass(this.#random.below(500));
    }
  }

  /** Every vote ends, what is proven is what was decided, and what contradicts itself convicts somebody who is to blame. */
  async end(): Promise<readonly Outcome[]> {
    const outcomes = await this.network.clock.settled(Promise.all(this.#votes));
    const ended = outcomes.flatMap((outcome) => outcome ?? []);
    for (const outcome of ended) await this.#check(outcome);
    const convicted = await this.#collector.convicted();
    const innocent = [...convicted].filter((id) => !this.#doubtful.has(id));
    if (innocent.length > 0) throw new Error(`convicted, though they signed one ballot: ${innocent}`);
    for (const { votes } of this.#honest) await votes.close();
    return ended;
  }

  #ids() {
    return Array.from({ length: this.#count }, (_, number) => this.network.idOf(number));
  }

  #start(number: number): Honest {
    const messenger = this.network.join(number);
    const { clock, ed25519, random } = this.network;
    this.#collector.overhear(messenger);
    const votes = createVotes(messenger, {
      identity: this.network.identity(number),
      clock,
      ed25519,
      random: (length) => random.bytes(length),
    });
    votes.onProposal(kind, schema, async () => {
      if (random.chance(0.3)) await new Promise<void>((resolve) => clock.after(random.below(3_000), resolve));
      return random.pick<Choice>(["yes", "yes", "no", "abstain"]);
    });
    return { number, messenger, votes };
  }

  #addLiar(number: number): void {
    const messenger = this.network.join(number);
    const liar = new VoteLiar(messenger, this.network.identity(number), this.#collector, this.#random);
    this.#liars.push(liar);
    this.#doubtful.add(messenger.id);
  }

  #propose(): void {
    const { votes } = this.#random.pick(this.#honest);
    const size = this.#count;
    const rules: Rule[] = ["majority", "unanimous", { quorum: 1 + this.#random.below(size) }];
    const options = { rule: this.#random.pick(rules), electorate: this.#ids(), timeoutMs };
    // Its process may end before the vote does.
    const gone = new Promise<undefined>((resolve) => this.network.clock.after(2 * timeoutMs, () => resolve(undefined)));
    const vote = votes.propose(kind, { keeper: "ada" }, options);
    this.#votes.push(Promise.race([vote.catch(() => undefined), gone.then(() => this.#mustBeGone(votes))]));
  }

  #mustBeGone(votes: Votes): undefined {
    if (this.#honest.some((each) => each.votes === votes)) throw new Error("a vote that never ended");
    return undefined;
  }

  #fault(): void {
    const { network } = this;
    const [one, other] = [this.#random.below(this.#count), this.#random.below(this.#count)];
    if (one !== other) network[this.#random.chance(0.5) ? "cut" : "connect"](network.idOf(one), network.idOf(other));
    if (!this.#random.chance(0.1)) return;
    const honest = this.#random.pick(this.#honest);
    network.crash(honest.messenger.id);
    this.#doubtful.add(honest.messenger.id);
    Object.assign(honest, this.#start(honest.number));
  }

  async #check({ end, certificate, proposal, ballots }: Outcome): Promise<void> {
    if (certificate === undefined) return;
    const { electorate } = proposal;
    const proof = await verifyCertificate(certificate, { electorate, ed25519: this.network.ed25519 });
    if (!proof.ok) throw new Error(`a certificate that isn't one: ${proof.reason}`);
    if (proof.value.decision !== end) throw new Error(`it is ${end}, and proven to be ${proof.value.decision}`);
    if (proof.value.ballots.size !== ballots.size) throw new Error("it proves other ballots than were counted");
    const before = this.#collector.told.get(toBase64Url(proof.value.hash)) ?? end;
    if (before !== end) throw new Error("an honest proposer's certificates contradict each other");
    this.#collector.told.set(toBase64Url(proof.value.hash), end);
  }
}
