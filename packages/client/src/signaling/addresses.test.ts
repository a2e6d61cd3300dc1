import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressesFor, parseAddresses, placeOf } from "./addresses.js";

interface Vector {
  readonly why: string;
  readonly room: string;
  readonly servers: readonly { readonly address: string; readonly place: string }[];
}

const vectors = JSON.parse(
  readFileSync(new URL("../../../protocol/vectors/server-order.json", import.meta.url), "utf8"),
) as { readonly accepted: readonly Vector[] };

describe("the addresses of a room's servers", () => {
  it.each(vectors.accepted)("are in the order of the vectors, however they came: $why", ({ room, servers }) => {
    const places = servers.map(({ place }) => place);
    const addresses = servers.map(({ address }) => address);
    fc.assert(
      fc.property(fc.shuffledSubarray(addresses, { minLength: addresses.length }), (list) => {
        expect(addressesFor(room, parseAddresses(list), "by-room").map(placeOf)).toEqual(places);
      }),
    );
  });

  it.each(["listed", "nearest", "any"] as const)("are as they came in the order `%s`", (order) => {
    const list = parseAddresses(["ws://c.example/", "ws://a.example/", "ws://b.example/"]);
    for (const room of ["lab", "lab2", "lab3"]) expect(addressesFor(room, list, order)).toEqual(list);
  });
});
