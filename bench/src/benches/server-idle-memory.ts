import { type Bench, type Contestant, type Mark, median } from "../bench.ts";
import { Child } from "../child.ts";
import type { Generator, LoadOptions } from "../load/generator.ts";
import { ensureOpenFiles } from "../open-files.ts";
import type { MeasuredServer, Memory } from "../servers/measured.ts";

type Quantity = "residentKb" | "heldKb";

function idleMemoryBench(
  connections: number,
  suffix: string,
  rounds: Bench["rounds"],
  marks: readonly Mark[],
): Bench<Quantity> {
  const row = { unit: "KB", better: "lower", statistic: median } as const;
  const idle = `${connections.toLocaleString("en")} connections that have joined and say nothing`;
  return {
    name: `server-idle-memory${suffix}`,
    rounds,
    // Each sample begins with a fresh process: there is nothing to warm up.
    warmUps: 0,
    timeoutMs: 180_000,
    rows: [
      {
        ...row,
        name: `server-idle-memory${suffix}`,
        about: `What the server's process grows by for each of ${idle}: resident memory, as the system sees it.`,
        quantity: "residentKb",
        marks,
      },
      {
        ...row,
        name: `server-idle-memory-held${suffix}`,
        about: `What objects and buffers hold for each of ${idle}.`,
        quantity: "heldKb",
      },
    ],
    async start() {
      ensureOpenFiles(connections + 200);
      return {
        ours: holding("skein", connections),
        peers: {
          "peerjs-server": holding("peerjs", connections),
          "y-webrtc": holding("y-webrtc", connections),
          "socket.io": holding("socketio", connections),
        },
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
      const before = await server.call("memory");
      await generator.call("open", { dialect, url, connections });
      const after = await server.call("memory");
      await generator.call("check");
      const each = (what: keyof Memory) => (after[what] - before[what]) / connections / 1024;
      return { residentKb: each("residentBytes"), heldKb: each("heldBytes") };
    },
  };
}

/** A process's memory has parts that don't grow with its connections: the fewer there are, the more those weigh. */
export const serverIdleMemory = idleMemoryBench(1_000, "", { full: 5, quick: 3 }, []);
export const serverIdleMemoryThousands = idleMemoryBench(10_000, "-10000", { full: 3, quick: 0 }, [
  { of: "ratio", limit: 0.9, beside: "peerjs-server" },
  { of: "ratio", limit: 0.45, beside: "socket.io" },
]);
