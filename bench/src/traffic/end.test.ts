import { describe, expect, it } from "vitest";
import { packedNote } from "./cargo.ts";
import { type EndMethods, endMethods } from "./end.ts";
import type { Line } from "./line.ts";

/** What becomes of a message on its way: the numbers that arrive for it. */
type Way = (number: number) => readonly number[];

const untouched: Way = (number) => [number];

/** Two ends and what lies between them, one message in each turn. */
async function startEnds(way: Way): Promise<{ readonly host: EndMethods; readonly newcomer: EndMethods }> {
  const hear: ((number: number) => void)[] = [];
  const lineOf = (own: number, there: number, passes: Way): Line => {
    const deliver = (arriving: readonly number[]) =>
      Promise.resolve().then(() => {
        for (const number of arriving) hear[there]?.(number);
      });
    return {
      send: (number) => deliver(passes(number)),
      answer: (number) => void deliver([number]),
      listen: (listener) => {
        hear[own] = listener;
      },
    };
  };
  const host = endMethods(async () => ({ line: Promise.resolve(lineOf(0, 1, untouched)) }));
  const newcomer = endMethods(async () => ({ line: Promise.resolve(lineOf(1, 0, way)) }));
  const place = { way: "raw", url: "", room: "", cargo: packedNote } as const;
  await host.open({ ...place, role: "host" });
  await newcomer.open({ ...place, role: "newcomer" });
  await Promise.all([host.opened(), newcomer.opened()]);
  return { host, newcomer };
}

describe("a run of messages", () => {
  it("ends when all have come", async () => {
    const { host, newcomer } = await startEnds(untouched);
    host.count(100);
    expect(await newcomer.send(100)).toBeGreaterThanOrEqual(0);
  });

  it("can be followed by another", async () => {
    const { host, newcomer } = await startEnds(untouched);
    for (const total of [10, 20]) {
      host.count(total);
      await newcomer.send(total);
    }
  });

  it.each<[string, Way]>([
    ["one is lost", (number) => (number === 6 ? [] : [number])],
    ["one comes twice", (number) => (number === 5 ? [5, 5] : [number])],
    ["two change places", (number) => (number === 6 ? [7] : number === 7 ? [6] : [number])],
  ])("gives no figure where %s", async (_what, way) => {
    const { host, newcomer } = await startEnds(way);
    host.count(10);
    await expect(newcomer.send(10)).rejects.toThrow("Of 10 messages, 6 came in their order");
  });
});

describe("round trips", () => {
  it("give a time for each", async () => {
    const { host, newcomer } = await startEnds(untouched);
    host.echo();
    expect(await newcomer.roundTrips(20)).toHaveLength(20);
  });

  it("give none where another comes back", async () => {
    const { host, newcomer } = await startEnds((number) => [number === 3 ? 4 : number]);
    host.echo();
    await expect(newcomer.roundTrips(10)).rejects.toThrow("Number 4 came back where 3 was due");
  });
});

it("nothing is sent before a line is open", async () => {
  const end = endMethods(() => Promise.reject(new Error("no such way")));
  expect(() => end.count(1)).toThrow("The line isn't open.");
});
