import { setTimeout as after } from "node:timers/promises";
import { type Bench, median, p99 } from "../bench.ts";
import { Child } from "../child.ts";
import { type Abuse, type AbuseMethods, abuses } from "../load/abuse-kinds.ts";
import type { HealthyMethods } from "../load/healthy.ts";
import type { MeasuredServer } from "../servers/measured.ts";

type Quantity = "roundTripMs" | "residentMb";

/** What a server's process may grow to, whatever is done to it. */
const mostMb = 512;
const settleMs = 2_000;
const roundTrips = { full: 1_000, quick: 200 } as const;

function abuseBench(kind: Abuse): Bench<Quantity> {
  const about = `while twenty others abuse the server (${kind})`;
  return {
    name: `server-abuse-${kind}`,
    rounds: { full: 5, quick: 1 },
    warmUps: 1,
    timeoutMs: 120_000,
    rows: [
      {
        name: `server-abuse-${kind}-p99`,
        about: `A forward and its answer between two who behave, ${about}; the peers are the same server left in peace, and left in peace while another on this machine is abused.`,
        unit: "ms",
        better: "lower",
        quantity: "roundTripMs",
        statistic: p99,
        marks: [{ of: "ratio", limit: 2, beside: "in peace" }],
      },
      {
        name: `server-abuse-${kind}-memory`,
        about: `Resident memory of the server's process, ${about}.`,
        unit: "MB",
        better: "lower",
        quantity: "residentMb",
        statistic: median,
        marks: [{ of: "ours", limit: mostMb, beside: "in peace" }],
      },
    ],
    async start(scale) {
      const resources = new AsyncDisposableStack();
      const script = new URL("../servers/skein.ts", import.meta.url);
      const server = resources.use(new Child<MeasuredServer>(script, ["--expose-gc"]));
      // What abuse costs the machine that it shares with the server is no doing of the server's. This one is abused for comparison.
      const bystander = resources.use(new Child<MeasuredServer>(script, [], "idle"));
      const healthy = resources.use(new Child<HealthyMethods>(new URL("../load/healthy.ts", import.meta.url)));
      // It stands for other machines: what it does to the server counts, and not that it takes the processor from it.
      const abuser = resources.use(new Child<AbuseMethods>(new URL("../load/abuse.ts", import.meta.url), [], "idle"));
      // As behind a proxy, else whoever abuses it from here would be held to no limits of an address.
      const [url, elsewhere] = await Promise.all([server.call("listen", 0, 1), bystander.call("listen", 0, 1)]);
      await healthy.call("join", url);
      const measure = async () => ({
        roundTripMs: await healthy.call("roundTrips", roundTrips[scale]),
        residentMb: (await server.call("residentBytes")) / 1024 / 1024,
      });
      const whileAbused = async (target: string) => {
        await abuser.call("start", kind, target);
        await after(settleMs);
        const sample = await measure();
        await abuser.call("stop");
        await after(settleMs);
        return sample;
      };
      return {
        ours: { sample: () => whileAbused(url) },
        peers: { "in peace": { sample: measure }, "another abused": { sample: () => whileAbused(elsewhere) } },
        [Symbol.asyncDispose]: () => resources.disposeAsync(),
      };
    },
  };
}

export const serverAbuses: readonly Bench[] = abuses.map(abuseBench);
