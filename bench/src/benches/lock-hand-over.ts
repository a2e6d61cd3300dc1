import { Gathering, type MemberProcess } from "../agreeing/gathering.ts";
import { type Bench, median, p90 } from "../bench.ts";

type Quantity = "handOverMs" | "takeOverMs";

const who = "three processes, of which one leads and the two others use the lock";

/** From one that gives a lock back, or is killed, to the one that waits for it. */
export const lockHandOver: Bench<Quantity> = {
  name: "lock-hand-over",
  rounds: { full: 4, quick: 1 },
  warmUps: 0,
  timeoutMs: 120_000,
  rows: [
    {
      name: "lock-hand-over",
      about: `From the giving back of a lock until the next holds it: ${who}.`,
      unit: "ms",
      better: "lower",
      quantity: "handOverMs",
      statistic: median,
    },
    {
      name: "lock-hand-over-p90",
      about: `The same: nine of ten are faster.`,
      unit: "ms",
      better: "lower",
      quantity: "handOverMs",
      statistic: p90,
    },
    {
      name: "lock-take-over",
      about: `From the killing of a lock's holder, whose lease is of 5 s, until the next holds it: ${who}.`,
      unit: "ms",
      better: "lower",
      quantity: "takeOverMs",
      statistic: median,
      marks: [{ of: "ours", limit: 6_000 }],
    },
  ],
  async start(scale) {
    const gathering = await Gathering.start();
    return {
      ours: { sample: () => sample(gathering, scale === "full" ? 50 : 10) },
      peers: {},
      [Symbol.asyncDispose]: () => gathering[Symbol.asyncDispose](),
    };
  },
};

async function sample(gathering: Gathering, times: number) {
  await using resources = new AsyncDisposableStack();
  const { all, leader } = await gathering.room(3, resources);
  let [holder, next] = all.filter((_, number) => number !== leader) as [MemberProcess, MemberProcess];
  await holder.call("lock");
  const handOverMs: number[] = [];
  for (let time = 0; time < times; time++) {
    const got = next.call("lock");
    const freed = await holder.call("unlock");
    handOverMs.push((await got) - freed);
    [holder, next] = [next, holder];
  }
  const got = next.call("lock");
  // Answered once it has asked for the lock: calls are taken in their order.
  await next.call("words");
  const killedMs = performance.timeOrigin + performance.now();
  await holder[Symbol.asyncDispose]();
  return { handOverMs, takeOverMs: (await got) - killedMs };
}
