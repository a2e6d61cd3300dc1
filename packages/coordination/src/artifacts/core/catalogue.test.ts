import { peerIdOf } from "@skein/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Catalogue, claimsMost } from "./catalogue.js";
import type { ArtifactId } from "./content-id.js";

const idOf = (number: number) => number.toString(16).padStart(64, "0") as ArtifactId;
const holderOf = (number: number) => peerIdOf(new Uint8Array(32).fill(number));

it("finds what some holder's words fit, with everyone who has it", () => {
  const claims = fc.array(fc.record({ by: fc.nat(5), of: fc.nat(5), topic: fc.nat(2) }));
  fc.assert(
    fc.property(claims, fc.nat(2), (said, topic) => {
      const catalogue = new Catalogue();
      for (const { by, of, topic: about } of said)
        catalogue.add(holderOf(by), { id: idOf(of), bytes: of, meta: { topic: about } });
      const last = new Map(said.map((one) => [`${one.by} ${one.of}`, one]));
      const wanted = [...last.values()].filter((one) => one.topic === topic).map(({ of }) => idOf(of));
      const found = catalogue.find(({ meta }) => (meta as { topic: number }).topic === topic);
      expect(new Set(found.map(({ id }) => id))).toEqual(new Set(wanted));
      for (const { id, holders } of found) expect(new Set(holders)).toEqual(new Set(catalogue.holdersOf(id)));
    }),
  );
});

it("looks at each word a few times, however many holders say the most that they may", () => {
  const catalogue = new Catalogue();
  const holders = 40;
  for (let by = 0; by < holders; by++)
    for (let of = 0; of < claimsMost; of++) catalogue.add(holderOf(by), { id: idOf(by * claimsMost + of), bytes: of });
  let looks = 0;
  const found = catalogue.find(() => {
    looks++;
    return true;
  });
  expect(found).toHaveLength(holders * claimsMost);
  expect(looks).toBe(holders * claimsMost);
});
