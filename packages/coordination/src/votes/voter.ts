import {
  type Decoded,
  type Ed25519,
  type Identity,
  type PeerId,
  type Schema,
  SkeinError,
  toBase64Url,
  type Unsubscribe,
  validate,
} from "@skein/protocol";
import type { Clock } from "../clock.js";
import { signBallot } from "./certificate.js";
import type { Choice } from "./core/rule.js";
import type { DecisionContext, VoteRefusalReason } from "./options.js";
import { type Proposal, proposalHash, type SignedProposal, verifyProposal } from "./proposal.js";

/** What we answer a proposer. */
export type VoterAnswer =
  | { readonly t: "ballot"; readonly proposal: Uint8Array; readonly choice: Choice; readonly s: Uint8Array }
  | { readonly t: "pass"; readonly proposal: Uint8Array; readonly reason: "no-handler" | "handler-failed" };

/** One proposal that we were asked about, and what we said: asked again, we say the same. */
export interface Asked {
  readonly proposal: Proposal;
  readonly signed: SignedProposal;
  readonly answer: Promise<VoterAnswer>;
}

type Decide = (body: unknown, context: DecisionContext) => Choice | boolean | Promise<Choice | boolean>;

interface Decider {
  readonly schema: Schema;
  readonly decide: Decide;
}

/** Proposals that are remembered, so that nobody gets us to vote twice. */
const rememberedMost = 10_000;

/** Decides on what others propose, once each. */
export class Voter {
  readonly #identity: Identity;
  readonly #clock: Clock;
  readonly #ed25519: Ed25519 | undefined;
  readonly #deciders = new Map<string, Decider>();
  readonly #asked = new Map<string, Asked>();
  /** By proposer and nonce: which proposal it was. */
  readonly #nonces = new Map<string, string>();
  readonly #closing = new AbortController();

  constructor(identity: Identity, clock: Clock, ed25519: Ed25519 | undefined) {
    this.#identity = identity;
    this.#clock = clock;
    this.#ed25519 = ed25519;
  }

  add(kind: string, schema: Schema, decide: Decide): Unsubscribe {
    if (this.#deciders.has(kind)) {
      throw new SkeinError("bad-argument", `Proposals of kind "${kind}" have somebody to decide on them already.`);
    }
    const decider = { schema, decide };
    this.#deciders.set(kind, decider);
    return () => {
      if (this.#deciders.get(kind) === decider) this.#deciders.delete(kind);
    };
  }

  find(hash: Uint8Array): Asked | undefined {
    return this.#asked.get(toBase64Url(hash));
  }

  /** A proposal came: our answer, or why there is none. */
  async ask(
    signed: SignedProposal,
    from: PeerId,
  ): Promise<
    | { readonly answer: Promise<VoterAnswer> }
    | { readonly refused: VoteRefusalReason; readonly earlier?: SignedProposal }
  > {
    const hash = proposalHash(signed);
    const key = toBase64Url(hash);
    const known = this.#asked.get(key);
    if (known !== undefined) return known;
    const read = await verifyProposal(signed, this.#ed25519);
    const refused = this.#objection(read, from);
    if (refused !== undefined || !read.ok) return { refused: refused ?? "malformed" };
    const proposal = read.value;
    const nonce = `${from} ${toBase64Url(proposal.nonce)}`;
    const earlier = this.#asked.get(this.#nonces.get(nonce) ?? "");
    if (earlier !== undefined && this.#nonces.get(nonce) !== key)
      return { refused: "altered", earlier: earlier.signed };
    // It may have come twice while the first was looked at.
    const asked = this.#asked.get(key) ?? { proposal, signed, answer: this.#answer(proposal, hash) };
    this.#remember(key, nonce, asked);
    return asked;
  }

  close(): void {
    this.#closing.abort();
    this.#deciders.clear();
  }

  #objection(read: Decoded<Proposal>, from: PeerId): VoteRefusalReason | undefined {
    if (!read.ok) return read.code;
    if (read.value.proposer !== from) return "not-proposer";
    return read.value.electorate.includes(this.#identity.id) ? undefined : "not-elector";
  }

  #remember(key: string, nonce: string, asked: Asked): void {
    this.#asked.set(key, asked);
    this.#nonces.set(nonce, key);
    if (this.#asked.size > rememberedMost) this.#asked.delete(this.#asked.keys().next().value as string);
    if (this.#nonces.size > rememberedMost) this.#nonces.delete(this.#nonces.keys().next().value as string);
  }

  async #answer(proposal: Proposal, hash: Uint8Array): Promise<VoterAnswer> {
    const decider = this.#deciders.get(proposal.kind);
    if (decider === undefined) return { t: "pass", proposal: hash, reason: "no-handler" };
    const choice = await this.#decide(decider, proposal);
    if (choice === undefined) return { t: "pass", proposal: hash, reason: "handler-failed" };
    return { t: "ballot", proposal: hash, choice, s: await signBallot(this.#identity, hash, choice) };
  }

  async #decide({ schema, decide }: Decider, proposal: Proposal): Promise<Choice | undefined> {
    const body = validate(schema, proposal.body);
    if (!body.ok) return undefined;
    const late = new AbortController();
    const cancel = this.#clock.after(proposal.timeoutMs, () => late.abort());
    // Whoever decides may never come to an end: nothing of it outlives us.
    this.#closing.signal.addEventListener("abort", cancel, { once: true });
    const signal = AbortSignal.any([late.signal, this.#closing.signal]);
    try {
      const decided = await decide(body.value, { proposal, signal });
      if (typeof decided === "boolean") return decided ? "yes" : "no";
      return decided;
    } catch {
      return undefined;
    } finally {
      cancel();
      this.#closing.signal.removeEventListener("abort", cancel);
    }
  }
}
