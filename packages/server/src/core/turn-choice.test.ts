import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseTurnServers, type TurnCandidate } from "./turn-choice.js";

const server = (name: string, weight = 1, region?: string): TurnCandidate => ({
  urls: [`turn:${name}`],
  weight,
  region,
});
const nameOf = ({ urls }: TurnCandidate) => urls[0];

const anyServers = fc.uniqueArray(
  fc.record({
    urls: fc.tuple(fc.webUrl()),
    weight: fc.double({ min: 0.01, max: 100, noNaN: true }),
    region: fc.option(fc.constantFrom("eu", "us"), { nil: undefined }),
  }),
  { selector: ({ urls }) => urls[0], maxLength: 8 },
);

describe("the TURN servers that a client is told of", () => {
  it("are the same each time, whatever the order of the list", () => {
    fc.assert(
      fc.property(anyServers, fc.string(), fc.nat(4), (servers, client, most) => {
        const chosen = chooseTurnServers(servers, client, "eu", most);
        expect(chosen).toHaveLength(Math.min(most, servers.length));
        expect(chooseTurnServers([...servers].reverse(), client, "eu", most)).toEqual(chosen);
      }),
    );
  });

  it("stay when another one goes that the client didn't get", () => {
    fc.assert(
      fc.property(anyServers, fc.string(), fc.nat(), (servers, client, index) => {
        fc.pre(servers.length > 1);
        const gone = servers[index % servers.length];
        const before = chooseTurnServers(servers, client, undefined, 1);
        fc.pre(before[0] !== gone);
        const left = servers.filter((one) => one !== gone);
        expect(chooseTurnServers(left, client, undefined, 1)).toEqual(before);
      }),
    );
  });

  it("are those of its region before all others", () => {
    fc.assert(
      fc.property(anyServers, fc.string(), fc.nat(8), (servers, client, most) => {
        const near = chooseTurnServers(servers, client, "eu", most).map(({ region }) => region === "eu");
        expect(near).toEqual([...near].sort((a, b) => Number(b) - Number(a)));
        const all = servers.filter(({ region }) => region === "eu").length;
        expect(near.filter(Boolean)).toHaveLength(Math.min(all, most));
      }),
    );
  });

  it("are spread over the clients as the weights say", () => {
    const servers = [server("small", 1), server("large", 3), server("far", 100, "us")];
    const counts = new Map<string | undefined, number>();
    for (let client = 0; client < 4_000; client++) {
      const [first] = chooseTurnServers(
        servers.filter(({ region }) => region === undefined),
        `client ${client}`,
        undefined,
        1,
      );
      if (first !== undefined) counts.set(nameOf(first), (counts.get(nameOf(first)) ?? 0) + 1);
    }
    expect((counts.get("turn:small") ?? 0) / 4_000).toBeCloseTo(0.25, 1);
    expect((counts.get("turn:large") ?? 0) / 4_000).toBeCloseTo(0.75, 1);
  });
});
