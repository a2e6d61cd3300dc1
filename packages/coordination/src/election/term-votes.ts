import {
  concatBytes,
  digestOf,
  type Ed25519,
  equalBytes,
  type Identity,
  type PeerId,
  peerKeyOf,
  utf8,
  verifySignature,
} from "@skein/protocol";
import { majorityOf } from "./core/state.js";

/** A member's word that it voted for a candidate: by it anyone can check that a leader is one. */
export interface TermVote {
  readonly voter: PeerId;
  readonly signature: Uint8Array;
}

/** What stands for an election: its name and its members, in any order. */
export function electionDigest(name: string, members: readonly PeerId[]): Uint8Array {
  const keys = [...members].sort().map((id) => peerKeyOf(id));
  return digestOf(concatBytes(digestOf(utf8(name)), ...keys));
}

function statement(election: Uint8Array, term: number, candidate: PeerId): Uint8Array {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(term));
  return concatBytes(election, number, peerKeyOf(candidate));
}

export function signTerm(
  identity: Identity,
  election: Uint8Array,
  term: number,
  candidate: PeerId,
): Promise<Uint8Array> {
  return identity.sign("term", statement(election, term, candidate));
}

export function verifyTermVote(
  { voter, signature }: TermVote,
  vote: { readonly election: Uint8Array; readonly term: number; readonly candidate: PeerId },
  ed25519?: Ed25519,
): Promise<boolean> {
  const bytes = statement(vote.election, vote.term, vote.candidate);
  return verifySignature("term", peerKeyOf(voter), bytes, signature, ed25519);
}

/** Whether a majority of the members voted for it. */
export async function verifyTermVotes(
  votes: readonly TermVote[],
  members: readonly PeerId[],
  vote: { readonly election: Uint8Array; readonly term: number; readonly candidate: PeerId },
  ed25519?: Ed25519,
): Promise<boolean> {
  const voters = new Set(votes.map(({ voter }) => voter));
  if (voters.size !== votes.length || !votes.every(({ voter }) => members.includes(voter))) return false;
  if (votes.length < majorityOf(members)) return false;
  const genuine = await Promise.all(votes.map((each) => verifyTermVote(each, vote, ed25519)));
  return genuine.every((isGenuine) => isGenuine);
}

export function sameDigest(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return equalBytes(one, other);
}
