import { describe, expect, it } from "vitest";
import { type Bench, median } from "./bench.ts";
import { type Progress, runBench } from "./harness.ts";

/** A bench whose contestants write down when it is their turn, and count their samples from 1. */
function createBench(change: Partial<Bench> = {}) {
  const turns: string[] = [];
  let disposals = 0;
  const contestant = (name: string) => {
    let samples = 0;
    return {
      sample: async () => {
        turns.push(name);
        return { count: ++samples };
      },
    };
  };
  const bench: Bench = {
    name: "counting",
    rounds: { full: 4, quick: 1 },
    warmUps: 1,
    timeoutMs: 60_000,
    rows: [{ name: "count", about: "", unit: "samples", better: "lower", quantity: "count", statistic: median }],
    start: async () => ({
      ours: contestant("ours"),
      peers: { raw: contestant("raw") },
      [Symbol.asyncDispose]: async () => {
        disposals++;
      },
    }),
    ...change,
  };
  return { bench, turns, disposals: () => disposals };
}

const ignore = () => {};

describe("a run", () => {
  it("lets the contestants take turns, each round in the other order", async () => {
    const { bench, turns } = createBench({ rounds: { full: 2, quick: 1 } });
    await runBench(bench, "full", ignore);
    expect(turns).toEqual(["ours", "raw", "raw", "ours", "ours", "raw"]);
  });

  it("throws the samples of the warm-up away", async () => {
    const { bench } = createBench({ warmUps: 2 });
    const [row] = await runBench(bench, "quick", ignore);
    expect(row).toMatchObject({ ours: 3, peer: 3 });
  });

  it("takes the median of the rounds of its scale", async () => {
    const { bench } = createBench();
    const [row] = await runBench(bench, "full", ignore);
    expect(row).toMatchObject({ name: "count", ours: 3.5, peer: 3.5, peerName: "raw", ratio: 1 });
  });

  it("tells how far it is", async () => {
    const { bench } = createBench();
    const told: Progress[] = [];
    await runBench(bench, "quick", (progress) => told.push(progress));
    expect(told).toEqual([
      { bench: "counting", done: 0, total: 4, contestant: "ours" },
      { bench: "counting", done: 1, total: 4, contestant: "raw" },
      { bench: "counting", done: 2, total: 4, contestant: "raw" },
      { bench: "counting", done: 3, total: 4, contestant: "ours" },
    ]);
  });

  it("ends what the bench started", async () => {
    const { bench, disposals } = createBench();
    await runBench(bench, "quick", ignore);
    expect(disposals()).toBe(1);
  });

  it("ends it also where a sample fails, and says why it did", async () => {
    let disposals = 0;
    const failing = {
      sample: async () => {
        throw new Error("no such server");
      },
    };
    const { bench } = createBench({
      start: async () => ({
        ours: failing,
        peers: {},
        [Symbol.asyncDispose]: async () => {
          disposals++;
        },
      }),
    });
    await expect(runBench(bench, "quick", ignore)).rejects.toThrow("no such server");
    expect(disposals).toBe(1);
  });

  it("gives up on a sample that never comes, and names it", async () => {
    const hanging = { sample: () => new Promise<never>(() => {}) };
    const { bench } = createBench({
      timeoutMs: 1,
      start: async () => ({ ours: hanging, peers: {}, [Symbol.asyncDispose]: async () => {} }),
    });
    await expect(runBench(bench, "quick", ignore)).rejects.toThrow("counting: no end of the sample of ours in 1 ms.");
  });
});
