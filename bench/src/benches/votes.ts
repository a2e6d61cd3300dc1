import { Gathering } from "../agreeing/gathering.ts";
import { type Bench, median } from "../bench.ts";

type Quantity = "votesPerSecond";

/** One proposer, one vote after the other: proposal, ballots, certificate, and the outcome to everyone. */
function votesBench(members: number): Bench<Quantity> {
  return {
    name: `votes-node-${members}`,
    rounds: { full: 5, quick: 1 },
    warmUps: 1,
    timeoutMs: 120_000,
    rows: [
      {
        name: `votes-node-${members}`,
        about: `Votes that one of ${members} processes holds one after the other, each decided by a majority's signed ballots.`,
        unit: "votes/s",
        better: "higher",
        quantity: "votesPerSecond",
        statistic: median,
      },
    ],
    async start(scale) {
      const resources = new AsyncDisposableStack();
      const gathering = resources.use(await Gathering.start());
      const { all } = await gathering.room(members, resources);
      const votes = scale === "full" ? 100 : 50;
      const sample = async () => {
        const tookMs = (await all[0]?.call("voteMs", votes)) ?? Number.NaN;
        return { votesPerSecond: (1_000 * votes) / tookMs };
      };
      return { ours: { sample }, peers: {}, [Symbol.asyncDispose]: () => resources.disposeAsync() };
    },
  };
}

export const votes: readonly Bench[] = [votesBench(3), votesBench(10)];
