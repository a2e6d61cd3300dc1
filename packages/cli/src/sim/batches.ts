import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { SkeinError } from "@skein/protocol";
import type { Failed } from "./play.js";
import type { Tally } from "./tally-line.js";

/** How many seeds a process gets at a time. */
const batchSeeds = 50;

type Line =
  | { readonly event: "failed"; readonly seed: number; readonly step: number; readonly reason: string }
  | { readonly event: "done"; readonly runs: number; readonly simulatedMs: number; readonly steps: number };

/** Plays scenarios by several processes, each of which is this very command, until one fails. */
export async function playBatches(
  { first, end }: { first: number; end: number },
  jobs: number,
  goesOn: () => boolean,
  show: (tally: Tally) => void,
): Promise<Tally> {
  let next = first;
  let tally: Tally = { runs: 0, simulatedMs: 0, steps: 0, failed: undefined };
  const work = async (): Promise<void> => {
    while (next < end && goesOn() && tally.failed === undefined) {
      const from = next;
      next = Math.min(end, from + batchSeeds);
      const line = await playBatch(from, next - from);
      tally = add(tally, line);
      show(tally);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return tally;
}

function add(tally: Tally, line: Line): Tally {
  if (line.event === "done") {
    const { runs, simulatedMs, steps } = tally;
    return { ...tally, runs: runs + line.runs, simulatedMs: simulatedMs + line.simulatedMs, steps: steps + line.steps };
  }
  const failed: Failed = { seed: line.seed, step: line.step, reason: line.reason, trace: [] };
  // The lowest of several seeds that failed at the same time, so that what is told doesn't depend on who was first.
  return tally.failed !== undefined && tally.failed.seed < line.seed ? tally : { ...tally, failed };
}

async function playBatch(from: number, runs: number): Promise<Line> {
  const command = process.argv[1] as string;
  const args = [...process.execArgv, command, "sim", "--json", "--from", String(from), "--runs", String(runs)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  let last: Line | undefined;
  for await (const line of createInterface({ input: child.stdout })) last = JSON.parse(line) as Line;
  if (last === undefined)
    throw new SkeinError("closed", `The process that played the seeds from ${from} on ended without a word.`);
  return last;
}
