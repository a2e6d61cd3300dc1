import { type Bench, type Contestant, median, p99, type Scale } from "../bench.ts";
import { gather } from "../together/group.ts";
import type { Times } from "../together/in-flight.ts";

type Quantity = "perSecond" | "eachMs";

const total: Readonly<Record<Scale, number>> = { full: 10_000, quick: 3_000 };
/** Under way at a time. */
const inFlight = 32;
const rawName = "request";

/** Tasks, and beside them bare requests of the same link: the same note goes there and comes back, checked four times. */
export const delegation: Bench<Quantity> = {
  name: "delegation-node-node",
  rounds: { full: 15, quick: 4 },
  warmUps: 3,
  timeoutMs: 60_000,
  rows: [
    {
      name: "delegation-node-node",
      about: `Tasks of 100 bytes that give as many back, ${inFlight} at a time, between two Node processes; beside them, requests of the same link.`,
      unit: "tasks/s",
      better: "higher",
      quantity: "perSecond",
      statistic: median,
      marks: [{ of: "ratio", limit: 0.6, beside: rawName }],
    },
    {
      name: "delegation-node-node-p99",
      about: `The same, from giving a task to its outcome: 99 of 100 are faster.`,
      unit: "ms",
      better: "lower",
      quantity: "eachMs",
      statistic: p99,
      marks: [{ of: "ratio", limit: 1.5, beside: rawName }],
    },
  ],
  async start(scale) {
    const { resources, agents } = await gather(2);
    const [worker, giver] = agents;
    if (worker === undefined || giver === undefined) throw new Error("Two agents are needed.");
    await worker.call("serve");
    const contestant = (run: () => Promise<Times>): Contestant<Quantity> => ({
      async sample() {
        const { elapsedMs, eachMs } = await run();
        return { perSecond: (1_000 * total[scale]) / elapsedMs, eachMs };
      },
    });
    return {
      ours: contestant(() => giver.call("delegations", total[scale], inFlight)),
      peers: { [rawName]: contestant(() => giver.call("requests", worker.id, total[scale], inFlight)) },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  },
};
