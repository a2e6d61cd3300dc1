import {
  type Decoded,
  decode,
  digestOf,
  type Ed25519,
  encode,
  type Identity,
  limits,
  type PeerId,
  peerKeyOf,
  reject,
  SkeinError,
  validate,
  verifySignature,
} from "@skein/protocol";
import * as v from "valibot";
import { bytes, count, keysOf, name, peer } from "../agreement/shapes.js";
import type { Rule } from "./core/rule.js";

/** One proposal as it travels, at the most. */
export const proposalBytesMost = 64 * 1024;
export const electorsMost = 1_024;

/** What is put to the vote, by whom, to whom, under which rule. All of it is what ballots are bound to. */
export interface Proposal {
  /** What it is about, in the app's words. */
  readonly kind: string;
  readonly body: unknown;
  readonly rule: Rule;
  readonly electorate: readonly PeerId[];
  readonly proposer: PeerId;
  /** 16 random bytes: the same again is another proposal. */
  readonly nonce: Uint8Array;
  readonly timeoutMs: number;
}

/** Its bytes, and the proposer's signature over exactly those. */
export interface SignedProposal {
  readonly b: Uint8Array;
  readonly s: Uint8Array;
}

const proposalSchema = v.object({
  v: v.literal(1),
  kind: name,
  body: v.optional(v.unknown()),
  rule: v.union([v.picklist(["majority", "unanimous"]), count]),
  electorate: v.pipe(v.array(peer), v.minLength(1), v.maxLength(electorsMost)),
  by: peer,
  nonce: bytes(16),
  timeoutMs: count,
});

/** @throws {SkeinError} `bad-body`, `too-large` */
export async function signProposal(identity: Identity, proposal: Proposal): Promise<SignedProposal> {
  const { kind, body, rule, electorate, proposer, nonce, timeoutMs } = proposal;
  const map = {
    v: 1,
    kind,
    body,
    rule: typeof rule === "string" ? rule : rule.quorum,
    electorate: keysOf(electorate),
    by: peerKeyOf(proposer),
    nonce,
    timeoutMs,
  };
  const b = Uint8Array.from(encode(map));
  if (b.length > proposalBytesMost) {
    const text = `This proposal has ${b.length} bytes; ${proposalBytesMost} is the most: propose the hash of what is large.`;
    throw new SkeinError("too-large", text);
  }
  return { b, s: await identity.sign("proposal", b) };
}

/** Reads a proposal and checks that it makes sense, and that its proposer has signed it. */
export async function verifyProposal(signed: SignedProposal, ed25519?: Ed25519): Promise<Decoded<Proposal>> {
  const read = readProposal(signed);
  if (!read.ok) return read;
  const isGenuine = await verifySignature("proposal", peerKeyOf(read.value.proposer), signed.b, signed.s, ed25519);
  return isGenuine ? read : reject("forged", "the proposal's signature isn't its proposer's");
}

function readProposal({ b }: SignedProposal): Decoded<Proposal> {
  if (b.length > proposalBytesMost) return reject("over-limit", `a proposal of over ${proposalBytesMost} bytes`);
  const decoded = decode(b);
  if (!decoded.ok) return decoded;
  const version = (decoded.value as { v?: unknown } | null)?.v;
  if (typeof version === "number" && version !== 1) {
    return reject("unsupported-version", `a proposal of version ${version}`);
  }
  const fits = validate(proposalSchema, decoded.value);
  if (!fits.ok) return reject("malformed", "the proposal isn't as it should be");
  const { v: _version, by, rule, body, ...rest } = fits.value;
  const proposal: Proposal = {
    ...rest,
    body,
    proposer: by,
    rule: typeof rule === "number" ? { quorum: rule } : rule,
  };
  const wrong = faultOf(proposal);
  return wrong === undefined ? { ok: true, value: proposal } : reject("malformed", wrong);
}

/** Why a proposal makes no sense, where it doesn't. */
export function faultOf({ electorate, rule }: Proposal): string | undefined {
  if (electorate.length < 1 || electorate.length > electorsMost) return `an electorate is of 1 to ${electorsMost} ids`;
  if (new Set(electorate).size !== electorate.length) return "the electorate names somebody twice";
  if (typeof rule === "string") return undefined;
  const isPossible = Number.isSafeInteger(rule.quorum) && rule.quorum >= 1 && rule.quorum <= electorate.length;
  return isPossible ? undefined : "the quorum is of more than there are, or of nobody";
}

/** What ballots name a proposal by. */
export function proposalHash({ b }: SignedProposal): Uint8Array {
  return digestOf(b);
}

/** A kind is a name, as a room's is. */
export function mustBeKind(kind: string): void {
  if (kind !== "" && kind.length <= limits.nameLength) return;
  throw new SkeinError("bad-argument", `A proposal's kind is a name of 1 to ${limits.nameLength} characters.`);
}
