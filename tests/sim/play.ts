import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Fault } from "./faults.ts";

/** What `soak.mjs` prints. */
export interface Played {
  readonly runs: number;
  readonly steps: number;
  readonly simulatedMs: number;
  readonly digest: string;
  readonly cpuSeconds: number;
  readonly failure?: { readonly seed: number; readonly step: number; readonly reason: string };
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export interface PlayOptions {
  readonly first: number;
  /** Of processor time. */
  readonly seconds: number;
  readonly runs?: number;
  /** Planted into the sources, which then run in place of what is built. */
  readonly fault?: Fault;
  /** Another Node than the one that runs this. */
  readonly node?: string;
}

/** Plays scenarios in a process of their own. */
export async function play({ first, seconds, runs, fault, node = process.execPath }: PlayOptions): Promise<Played> {
  const sources = fault === undefined ? [] : ["--import", here("from-source.mjs")];
  const args = [...sources, here("soak.mjs"), ...[first, seconds, ...(runs === undefined ? [] : [runs])].map(String)];
  const env = {
    ...process.env,
    ...(fault && { SKEIN_FAULT: JSON.stringify(fault) }),
  };
  const child = spawn(node, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (text) => {
    output += text;
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  await once(child, "close");
  if (output === "") throw new Error(`The process ended without a word. ${errors}`);
  return JSON.parse(output) as Played;
}
