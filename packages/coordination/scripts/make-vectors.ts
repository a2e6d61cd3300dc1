// Writes packages/coordination/vectors/*.json: `node packages/coordination/scripts/make-vectors.ts`, once the protocol is built.
// The bytes are put together here by the text of docs/spec/votes.md and docs/spec/election.md, not by the code that reads them.
import { mkdirSync, writeFileSync } from "node:fs";
import { concatBytes, createIdentity, digestOf, encode, type Identity, utf8 } from "@skein/protocol";
import { fill, hex, run, toVector, turned, unhex } from "../../protocol/scripts/vectors/notation.ts";

export { unhex };

export const vectorFolder = new URL("../vectors/", import.meta.url);

const voters: readonly Identity[] = [1, 2, 3, 4].map((byte) => createIdentity({ random: () => fill(32, byte) }));
const [ada, bob, cyd, dan] = voters as [Identity, Identity, Identity, Identity];
const [no, yes, abstain] = [0, 1, 2];

const copy = (value: unknown): Uint8Array => Uint8Array.from(encode(value));

interface Signed {
  readonly b: Uint8Array;
  readonly s: Uint8Array;
}

async function proposalOf(
  fields: object = {},
  signer = ada,
  purpose: "proposal" | "ballot" = "proposal",
): Promise<Signed> {
  const b = copy({
    v: 1,
    kind: "acme.keeper",
    body: { keeper: "ada" },
    rule: "majority",
    electorate: [ada, bob, cyd].map(({ publicKey }) => publicKey),
    by: ada.publicKey,
    nonce: run(16, 7),
    timeoutMs: 30_000,
    ...fields,
  });
  return { b, s: await signer.sign(purpose, b) };
}

async function ballot(voter: Identity, proposal: Signed, choice: number) {
  const s = await voter.sign("ballot", concatBytes(digestOf(proposal.b), Uint8Array.of(choice)));
  return { voter: voter.publicKey, choice, s };
}

async function certificateVectors() {
  const proposal = await proposalOf();
  const other = await proposalOf({ nonce: run(16, 8) });
  const unanimous = await proposalOf({ rule: "unanimous" });
  const two = await proposalOf({ rule: 2 });
  const [a, b] = [await ballot(ada, proposal, yes), await ballot(bob, proposal, yes)];
  const good = async (signed: Signed, decision: string, choices: readonly number[]) => {
    const ballots = await Promise.all(choices.map((choice, i) => ballot(voters[i] as Identity, signed, choice)));
    return {
      certificate: hex(copy({ proposal: signed, ballots })),
      hash: hex(digestOf(signed.b)),
      decision,
      ballots: ballots.map(({ choice }, i) => ({ voter: voters[i]?.id, choice: ["no", "yes", "abstain"][choice] })),
    };
  };
  const bad = (why: string, code: string, value: unknown) => ({ why, code, certificate: hex(copy(value)) });
  const forged = { ...b, s: turned(b.s, 2) };
  return {
    accepted: [
      {
        ...(await good(proposal, "accepted", [yes, yes])),
        proposal: toVector({ kind: "acme.keeper", body: { keeper: "ada" } }),
      },
      await good(proposal, "accepted", [yes, no, yes]),
      await good(proposal, "rejected", [no, abstain]),
      await good(unanimous, "accepted", [yes, yes, yes]),
      await good(unanimous, "rejected", [abstain]),
      await good(two, "accepted", [yes, yes]),
    ],
    rejected: [
      bad("the ballots don't decide it", "malformed", { proposal, ballots: [a] }),
      bad("one voter twice", "malformed", { proposal, ballots: [a, b, b] }),
      bad("one voter in two ways", "malformed", { proposal, ballots: [a, await ballot(bob, proposal, no), b] }),
      bad("a ballot of who is no elector", "malformed", { proposal, ballots: [a, await ballot(dan, proposal, yes)] }),
      bad("no ballot at all", "malformed", { proposal, ballots: [] }),
      bad("a ballot altered", "forged", { proposal, ballots: [a, forged] }),
      bad("a ballot for another proposal", "forged", { proposal, ballots: [a, await ballot(bob, other, yes)] }),
      bad("a ballot turned from no to yes", "forged", {
        proposal,
        ballots: [a, { ...(await ballot(bob, proposal, no)), choice: yes }],
      }),
      bad("a proposal signed by another", "forged", { proposal: await proposalOf({}, bob), ballots: [a, b] }),
      bad("a proposal signed as a ballot is", "forged", {
        proposal: await proposalOf({}, ada, "ballot"),
        ballots: [a, b],
      }),
      bad("a proposal with another electorate, and the ballots of the first", "forged", {
        proposal: await proposalOf({ electorate: [ada.publicKey, bob.publicKey] }),
        ballots: [a, b],
      }),
      bad("an electorate that names one twice", "malformed", {
        proposal: await proposalOf({ electorate: [ada.publicKey, ada.publicKey] }),
        ballots: [],
      }),
      bad("a quorum of more than there are", "malformed", { proposal: await proposalOf({ rule: 4 }), ballots: [] }),
      bad("a choice that doesn't exist", "malformed", { proposal, ballots: [a, { ...b, choice: 3 }] }),
      bad("no proposal", "malformed", { ballots: [a] }),
      bad("version 2", "unsupported-version", { proposal: await proposalOf({ v: 2 }), ballots: [a, b] }),
    ],
  };
}

async function termVectors() {
  const members = [cyd, ada, bob];
  const keys = [...members].sort((one, another) => (one.id < another.id ? -1 : 1)).map(({ publicKey }) => publicKey);
  const election = digestOf(concatBytes(digestOf(utf8("leader")), ...keys));
  const statement = (term: number) => {
    const number = new Uint8Array(8);
    new DataView(number.buffer).setBigUint64(0, BigInt(term));
    return concatBytes(election, number, ada.publicKey);
  };
  const vote = async (term: number) => ({
    name: "leader",
    members: members.map(({ id }) => id),
    election: hex(election),
    term,
    candidate: ada.id,
    voter: bob.id,
    signature: hex(await bob.sign("term", statement(term))),
  });
  const first = await vote(7);
  return {
    accepted: [first, await vote(2 ** 40)],
    rejected: [
      { why: "another term", ...first, term: 8 },
      { why: "another candidate", ...first, candidate: cyd.id },
      { why: "another voter", ...first, voter: cyd.id },
      { why: "another election", ...first, name: "index" },
      { why: "other members", ...first, members: [ada.id, bob.id] },
    ],
  };
}

/** The files' texts by name. */
export async function makeVectors(): Promise<Record<string, string>> {
  const vectors = { certificate: await certificateVectors(), term: await termVectors() };
  return Object.fromEntries(Object.entries(vectors).map(([name, value]) => [`${name}.json`, `${layout(value)}\n`]));
}

/** One vector a line: a change shows as the lines it touches. */
function layout(groups: Record<string, readonly unknown[]>): string {
  const texts = Object.entries(groups).map(([name, vectors]) => {
    const lines = vectors.map((vector) => `    ${JSON.stringify(vector)}`);
    return `  ${JSON.stringify(name)}: [\n${lines.join(",\n")}\n  ]`;
  });
  return `{\n${texts.join(",\n")}\n}`;
}

if (import.meta.main) {
  mkdirSync(vectorFolder, { recursive: true });
  for (const [name, text] of Object.entries(await makeVectors())) writeFileSync(new URL(name, vectorFolder), text);
}
