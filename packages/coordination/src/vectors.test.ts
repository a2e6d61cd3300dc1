import { readdirSync, readFileSync } from "node:fs";
import { type PeerId, portableEd25519 } from "@skein/protocol";
import { describe, expect, it } from "vitest";

import { makeVectors as makeArtifactVectors } from "../scripts/make-artifact-vectors.ts";
import { makeTaskVectors } from "../scripts/make-task-vectors.ts";
import { makeVectors, unhex, vectorFolder } from "../scripts/make-vectors.ts";
import { electionDigest, verifyTermVote } from "./election/term-votes.js";
import { verifyCertificate } from "./votes/certificate.js";

interface CertificateVector {
  readonly why: string;
  readonly code: string;
  readonly certificate: string;
  readonly hash: string;
  readonly decision: string;
  readonly ballots: readonly { readonly voter: string; readonly choice: string }[];
}

interface TermVector {
  readonly name: string;
  readonly members: readonly PeerId[];
  readonly election: string;
  readonly term: number;
  readonly candidate: PeerId;
  readonly voter: PeerId;
  readonly signature: string;
}

const read = (name: string) => readFileSync(new URL(name, vectorFolder), "utf8");
const load = <Vector>(name: string) => JSON.parse(read(`${name}.json`)) as Record<"accepted" | "rejected", Vector[]>;

it("the vectors' files are what the scripts make, no more and no less", async () => {
  const made = { ...(await makeVectors()), ...makeArtifactVectors(), ...makeTaskVectors() };
  expect(
    readdirSync(vectorFolder)
      .filter((file) => file.endsWith(".json"))
      .sort(),
  ).toEqual(Object.keys(made).sort());
  for (const [name, text] of Object.entries(made))
    expect(read(name) === text, `${name}: run make-vectors.ts`).toBe(true);
});

describe("certificate", () => {
  const { accepted, rejected } = load<CertificateVector>("certificate");
  it.each(accepted)("$decision: $ballots", async ({ certificate, hash, decision, ballots }) => {
    for (const options of [{}, { ed25519: portableEd25519 }]) {
      const outcome = await verifyCertificate(unhex(certificate), options);
      const counted = new Map(ballots.map(({ voter, choice }) => [voter, choice]));
      expect(outcome).toMatchObject({ ok: true, value: { decision, hash: unhex(hash), ballots: counted } });
    }
  });
  it.each(rejected)("rejects: $why", async ({ certificate, code }) => {
    expect(await verifyCertificate(unhex(certificate))).toMatchObject({ ok: false, code });
  });
});

describe("a member's vote for a leader", () => {
  const { accepted, rejected } = load<TermVector>("term");
  const verify = ({ name, members, term, candidate, voter, signature }: TermVector) =>
    verifyTermVote(
      { voter, signature: unhex(signature) },
      { election: electionDigest(name, members), term, candidate },
    );
  it.each(accepted)("of term $term", async (vector) => {
    expect(electionDigest(vector.name, vector.members)).toEqual(unhex(vector.election));
    expect(await verify(vector)).toBe(true);
  });
  it.each(rejected)("rejects: $why", async (vector) => {
    expect(await verify(vector)).toBe(false);
  });
});
