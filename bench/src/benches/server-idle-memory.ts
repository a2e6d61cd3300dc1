import { type Bench, type Contestant, median } from "../bench.ts";
import { Child } from "../child.ts";
import type { Generator, LoadOptions } from "../load/generator.ts";
import { ensureOpenFiles } from "../open-files.ts";
import type { MeasuredServer } from "../servers/measured.ts";

type Quantity = "kilobytes";

function idleMemoryBench(connections: number, suffix: string, rounds: Bench["rounds"]): Bench<Quantity> {
  return {
    name: `server-idle-memory${suffix}`,
    rounds,
    // Each sample begins with a fresh process: there is nothing to warm up.
    warmUps: 0,
    timeoutMs: 60_000,
    rows: [
      {
        name: `server-idle-memory${suffix}`,
        about: `What the server's resident memory grows by for each of ${connections.toLocaleString("en")} connections that have joined and say nothing.`,
        unit: "KB",
        better: "lower",
        quantity: "kilobytes",
        statistic: median,
        marks: [{ of: "ratio", limit: 1 }],
      },
    ],
    async start() {
      ensureOpenFiles(connections + 200);
      return {
        ours: holding("skein", connections),
        peers: { "peerjs-server": holding("peerjs", connections) },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** Fresh processes for each sample: memory that was used once is never quite free again. */
function holding(dialect: LoadOptions["dialect"], connections: number): Contestant<Quantity> {
  return {
    async sample() {
      await using server = new Child<MeasuredServer>(new URL(`../servers/${dialect}.ts`, import.meta.url), [
        "--expose-gc",
      ]);
      await using generator = new Child<Generator>(new URL("../load/generator.ts", import.meta.url));
      const url = await server.call("listen");
      // The first few make the server load and compile what it needs for any number of them.
      await generator.call("open", { dialect, url, connections: 100 });
      await generator.call("close");
      const before = await server.call("residentBytes");
      await generator.call("open", { dialect, url, connections });
      const after = await server.call("residentBytes");
      await generator.call("check");
      return { kilobytes: (after - before) / connections / 1024 };
    },
  };
}

export const serverIdleMemory = idleMemoryBench(1_000, "", { full: 7, quick: 3 });
export const serverIdleMemoryThousands = idleMemoryBench(5_000, "-5000", { full: 5, quick: 0 });
