import { agreed, Gathering } from "../agreeing/gathering.ts";
import { simulateElection } from "../agreeing/simulated.ts";
import { type Bench, median, type Rounds } from "../bench.ts";

type Quantity = "electionMs" | "messages";

const killed = "The leader of a room ends without a word; until all others follow another";

function rowsOf(name: string, what: string): Bench<Quantity>["rows"] {
  const common = { better: "lower", statistic: median } as const;
  return [
    {
      ...common,
      name,
      about: `${killed}, ${what}.`,
      unit: "ms",
      quantity: "electionMs",
      marks: [{ of: "ours", limit: 3_000 }],
    },
    {
      ...common,
      name: `${name}-messages`,
      about: `What the others send of the election meanwhile, ${what}.`,
      unit: "messages",
      quantity: "messages",
    },
  ];
}

/** In simulated time: nothing but the algorithm, and links of a simulated network. */
function simulated(members: number, hasQuorum: boolean, rounds: Rounds): Bench<Quantity> {
  const name = `election-simulated-${members}${hasQuorum ? "-quorum" : ""}`;
  return {
    name,
    rounds,
    warmUps: 0,
    timeoutMs: 900_000,
    rows: rowsOf(name, `${members} peers${hasQuorum ? " of a quorum" : ""}, simulated`),
    async start() {
      let seed = 0;
      const sample = () => simulateElection(++seed, members, hasQuorum);
      return { ours: { sample }, peers: {}, [Symbol.asyncDispose]: async () => {} };
    },
  };
}

/** A process of Node for each member, linked by node-datachannel; the leader's is killed. */
function real(members: number, rounds: Rounds): Bench<Quantity> {
  const name = `election-node-${members}`;
  return {
    name,
    rounds,
    warmUps: 0,
    timeoutMs: 120_000,
    rows: rowsOf(name, `${members} processes of a quorum`),
    async start() {
      const gathering = await Gathering.start();
      return {
        ours: { sample: () => electAnother(gathering, members) },
        peers: {},
        [Symbol.asyncDispose]: () => gathering[Symbol.asyncDispose](),
      };
    },
  };
}

async function electAnother(gathering: Gathering, members: number): Promise<Record<Quantity, number>> {
  await using resources = new AsyncDisposableStack();
  const { all, leader } = await gathering.room(members, resources);
  const others = all.filter((_, number) => number !== leader);
  const words = async () =>
    (await Promise.all(others.map((member) => member.call("words")))).reduce((a, b) => a + b, 0);
  const before = await words();
  const startedMs = performance.now();
  await all[leader]?.[Symbol.asyncDispose]();
  await agreed(others, leader);
  const electionMs = performance.now() - startedMs;
  return { electionMs, messages: (await words()) - before };
}

export const elections: readonly Bench[] = [
  simulated(3, false, { full: 20, quick: 2 }),
  simulated(3, true, { full: 20, quick: 2 }),
  simulated(10, false, { full: 5, quick: 1 }),
  simulated(10, true, { full: 5, quick: 1 }),
  simulated(50, false, { full: 1, quick: 0 }),
  simulated(50, true, { full: 1, quick: 0 }),
  real(3, { full: 5, quick: 1 }),
  real(10, { full: 3, quick: 0 }),
];
