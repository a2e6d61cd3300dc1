import {
  accept,
  concatBytes,
  type Decoded,
  decode,
  type Ed25519,
  encode,
  type Identity,
  type PeerId,
  peerKeyOf,
  reject,
  validate,
  verifySignature,
} from "@skein/protocol";
import * as v from "valibot";
import { bytesUpTo, peer, signature } from "../agreement/shapes.js";
import type { CastBallot } from "./core/ballot-box.js";
import { type Choice, decisionOf } from "./core/rule.js";
import { electorsMost, type Proposal, proposalBytesMost, proposalHash, verifyProposal } from "./proposal.js";

/** What a ballot says, as the byte that is signed. */
const choices: readonly Choice[] = ["no", "yes", "abstain"];

export const choiceByte = v.pipe(
  v.number(),
  v.safeInteger(),
  v.minValue(0),
  v.maxValue(choices.length - 1),
  v.transform((byte): Choice => choices[byte] as Choice),
);

export function byteOf(choice: Choice): number {
  return choices.indexOf(choice);
}

/** A ballot is a signature over the proposal's hash and one byte. */
export function signBallot(identity: Identity, hash: Uint8Array, choice: Choice): Promise<Uint8Array> {
  return identity.sign("ballot", concatBytes(hash, Uint8Array.of(byteOf(choice))));
}

export function verifyBallot(
  voter: PeerId,
  hash: Uint8Array,
  choice: Choice,
  signed: Uint8Array,
  ed25519?: Ed25519,
): Promise<boolean> {
  const bytes = concatBytes(hash, Uint8Array.of(byteOf(choice)));
  return verifySignature("ballot", peerKeyOf(voter), bytes, signed, ed25519);
}

export const ballotShape = v.object({ voter: peer, choice: choiceByte, s: signature });

const certificateSchema = v.object({
  proposal: v.object({ b: bytesUpTo(proposalBytesMost), s: signature }),
  ballots: v.pipe(v.array(ballotShape), v.maxLength(electorsMost)),
});

/** A vote's outcome, proven: anyone can check it, without having been there. */
export interface CertifiedOutcome {
  readonly proposal: Proposal;
  /** What ballots name the proposal by: 32 bytes. */
  readonly hash: Uint8Array;
  readonly decision: "accepted" | "rejected";
  readonly ballots: ReadonlyMap<PeerId, Choice>;
}

/** What proves an outcome, as bytes to keep or pass on. */
export function encodeCertificate(
  proposal: { readonly b: Uint8Array; readonly s: Uint8Array },
  ballots: Iterable<CastBallot>,
): Uint8Array {
  const list = [...ballots].map((ballot) => ({
    voter: peerKeyOf(ballot.voter as PeerId),
    choice: byteOf(ballot.choice),
    s: ballot.signature,
  }));
  return Uint8Array.from(encode({ proposal: { b: proposal.b, s: proposal.s }, ballots: list }));
}

/**
 * Checks a certificate, offline: that the proposer signed the proposal, that each ballot is signed by an elector for exactly
 * that proposal, that nobody is counted twice, and that the ballots decide it. Never throws for what is in the bytes.
 *
 * @param options.electorate who ought to have been asked, where it is known: a certificate over others is refused. Without
 * it, look at `proposal.electorate`: whoever proposes chooses whom to ask.
 * @example
 * const outcome = await verifyCertificate(bytes, { electorate });
 * if (outcome.ok && outcome.value.decision === "accepted") apply(outcome.value.proposal.body);
 */
export async function verifyCertificate(
  bytes: Uint8Array,
  options: { readonly electorate?: readonly PeerId[]; readonly ed25519?: Ed25519 } = {},
): Promise<Decoded<CertifiedOutcome>> {
  const decoded = decode(bytes);
  if (!decoded.ok) return decoded;
  const fits = validate(certificateSchema, decoded.value);
  if (!fits.ok) return reject("malformed", "the certificate isn't as it should be");
  const { proposal: signed, ballots } = fits.value;
  const proposal = await verifyProposal(signed, options.ed25519);
  if (!proposal.ok) return proposal;
  const wrong = faultOfBallots(proposal.value, ballots, options.electorate);
  if (wrong !== undefined) return reject("malformed", wrong);
  const hash = proposalHash(signed);
  const genuine = await Promise.all(
    ballots.map(({ voter, choice, s }) => verifyBallot(voter, hash, choice, s, options.ed25519)),
  );
  if (genuine.includes(false)) return reject("forged", "a ballot isn't its voter's, or isn't for this proposal");
  return decide(proposal.value, hash, new Map(ballots.map(({ voter, choice }) => [voter, choice])));
}

function faultOfBallots(
  { electorate }: Proposal,
  ballots: readonly { readonly voter: PeerId }[],
  expected: readonly PeerId[] | undefined,
): string | undefined {
  const electors = new Set(electorate);
  const voters = new Set(ballots.map(({ voter }) => voter));
  if (voters.size !== ballots.length) return "somebody is counted twice";
  if (![...voters].every((voter) => electors.has(voter))) return "somebody who is no elector is counted";
  if (expected === undefined) return undefined;
  const isSame = expected.length === electorate.length && expected.every((id) => electors.has(id));
  return isSame ? undefined : "others were asked";
}

function decide(proposal: Proposal, hash: Uint8Array, ballots: ReadonlyMap<PeerId, Choice>): Decoded<CertifiedOutcome> {
  const yes = [...ballots.values()].filter((choice) => choice === "yes").length;
  const { rule, electorate } = proposal;
  const decision = decisionOf(rule, electorate.length, { yes, open: electorate.length - ballots.size });
  if (decision === undefined) return reject("malformed", "the ballots don't decide it");
  return accept({ proposal, hash, decision, ballots });
}
