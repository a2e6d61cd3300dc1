import { type Bench, type Contestant, median, type Scale } from "../bench.ts";
import { type Group, gather } from "../together/group.ts";

type Quantity = "megabytesPerSecond";

const mib = 1_048_576;
const wholeBytes: Readonly<Record<Scale, number>> = { full: 64 * mib, quick: 16 * mib };
const row = { unit: "MB/s", better: "higher", quantity: "megabytesPerSecond", statistic: median } as const;

const rate = (bytes: number, elapsedMs: number) => bytes / 1_000 / elapsedMs;

function fetching({ agents }: Group, id: string, bytes: number): Contestant<Quantity> {
  const asker = agents.at(-1);
  return {
    async sample() {
      if (asker === undefined) throw new Error("Nobody fetches.");
      return { megabytesPerSecond: rate(bytes, await asker.call("fetch", id)) };
    },
  };
}

/** An artifact, and beside it as many bytes in messages of 1 MiB over the same link, which nobody cuts, checks or keeps. */
export const artifact: Bench<Quantity> = {
  name: "artifact-node-node",
  rounds: { full: 11, quick: 3 },
  warmUps: 2,
  timeoutMs: 60_000,
  rows: [
    {
      ...row,
      name: "artifact-node-node",
      about:
        "An artifact of 64 MiB from one holder, each chunk hashed and kept in memory, between two Node processes; beside it, bare messages of 1 MiB of the same link.",
      marks: [{ of: "ratio", limit: 0.85 }],
    },
  ],
  async start(scale) {
    const bytes = wholeBytes[scale];
    const group = await gather(2);
    const [holder, asker] = group.agents;
    if (holder === undefined || asker === undefined) throw new Error("Two agents are needed.");
    const id = await holder.call("put", bytes);
    const bare: Contestant<Quantity> = {
      async sample() {
        await asker.call("takeBlocks", bytes);
        return { megabytesPerSecond: rate(bytes, await holder.call("sendBlocks", asker.id, bytes)) };
      },
    };
    return {
      ours: fetching(group, id, bytes),
      peers: { "bare messages": bare },
      [Symbol.asyncDispose]: () => group.resources.disposeAsync(),
    };
  },
};

/** Three holders, each of which gives a third of what a link carried before, and beside them one of the three. */
export const artifactThree: Bench<Quantity> = {
  name: "artifact-node-node-three",
  rounds: { full: 7, quick: 2 },
  warmUps: 1,
  timeoutMs: 60_000,
  rows: [
    {
      ...row,
      name: "artifact-node-node-three",
      about:
        "An artifact of 32 MiB from three holders, each of which gives a third of what a link here carries; beside them, one of the three.",
      marks: [{ of: "ratio", limit: 2.5 }],
    },
  ],
  async start(scale) {
    const bytes = wholeBytes[scale] / 2;
    const [many, one] = [await gather(4), await gather(2)];
    const resources = new AsyncDisposableStack();
    resources.use(many.resources);
    resources.use(one.resources);
    const [three, alone] = [many.agents.slice(0, -1), one.agents.slice(0, -1)];
    const ids = await Promise.all([...three, ...alone].map(({ call }) => call("put", bytes)));
    const contestant = (group: Group) => fetching(group, ids[0] ?? "", bytes);
    await contestant(one).sample();
    const limit = (1_000_000 * Number((await contestant(one).sample()).megabytesPerSecond)) / 3;
    for (const { call } of [...three, ...alone]) await call("limit", limit);
    return {
      ours: contestant(many),
      peers: { "one of them": contestant(one) },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  },
};
