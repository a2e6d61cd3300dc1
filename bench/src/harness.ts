import type { Arena, Bench, Contestant, Sample, Scale } from "./bench.ts";
import { makeRows, type Row } from "./rows.ts";

/** How far a bench is. */
export interface Progress {
  readonly bench: string;
  /** Samples taken, those to warm up included, of how many. */
  readonly done: number;
  readonly total: number;
  /** Who gives the next one: `ours`, or a peer's name. */
  readonly contestant: string;
}

interface Entrant {
  readonly name: string;
  readonly contestant: Contestant;
  readonly samples: Sample[];
}

const ours = "ours";

/**
 * Runs one bench. All contestants take turns within one run, and whoever began a round ends the next: what the machine
 * does meanwhile hits each of them alike.
 */
export async function runBench(bench: Bench, scale: Scale, report: (progress: Progress) => void): Promise<Row[]> {
  await using arena = await within(bench, "start", bench.start(scale));
  const entrants = enter(arena);
  const rounds = bench.warmUps + bench.rounds[scale];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? entrants : entrants.toReversed();
    for (const [turn, { name, contestant, samples }] of order.entries()) {
      const done = round * entrants.length + turn;
      report({ bench: bench.name, done, total: rounds * entrants.length, contestant: name });
      const sample = await within(bench, `sample of ${name}`, contestant.sample());
      if (round >= bench.warmUps) samples.push(sample);
    }
  }
  const [own, ...peers] = entrants;
  return makeRows(bench, {
    ours: own?.samples ?? [],
    peers: Object.fromEntries(peers.map(({ name, samples }) => [name, samples])),
  });
}

function enter(arena: Arena): Entrant[] {
  const peers = Object.entries(arena.peers).map(([name, contestant]) => ({ name, contestant, samples: [] }));
  return [{ name: ours, contestant: arena.ours, samples: [] }, ...peers];
}

/** A bench that hangs has failed, and says where. */
async function within<Value>({ name, timeoutMs }: Bench, what: string, work: Promise<Value>): Promise<Value> {
  let stopClock = () => {};
  const tooLong = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(new Error(`${name}: no end of the ${what} in ${timeoutMs} ms.`));
    const timer = setTimeout(fail, timeoutMs);
    stopClock = () => clearTimeout(timer);
  });
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    stopClock();
  }
}
