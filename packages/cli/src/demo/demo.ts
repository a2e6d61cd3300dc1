import { listenForStop } from "../process/stop.js";
import { Fleet } from "./fleet.js";
import { Happenings } from "./happenings.js";
import { runInteractive } from "./interactive.js";
import { Member } from "./member.js";
import { runOnce } from "./once.js";
import { runPassThrough } from "./pass-through.js";

export interface DemoOptions {
  readonly path: string;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly port?: number;
  readonly out: string;
}

/** Runs the demo until its user has seen enough. No process of it is left afterwards. */
export async function runDemo(options: DemoOptions): Promise<void> {
  using stop = listenForStop();
  const { path, port, once = false, json = false, out } = options;
  if (once) return runOnce({ path, port, json, signal: stop.signal });
  const happenings = new Happenings();
  const showsProgress = process.stdout.isTTY === true && !json;
  if (showsProgress) process.stdout.write("  starting a server and three agents …");
  const endProgress = (): void => {
    if (showsProgress) process.stdout.write("\r\x1b[K");
  };
  let fleet: Fleet;
  try {
    fleet = await Fleet.start({ path, port, signal: stop.signal, died: (name, how) => happenings.died(name, how) });
  } catch (error) {
    endProgress();
    throw error;
  }
  try {
    await using member = await Member.join({
      url: fleet.url,
      agents: fleet.agents,
      relay: "fallback",
      signal: stop.signal,
      listener: () => happenings.asListener,
    }).finally(endProgress);
    const run = json ? runPassThrough : runInteractive;
    await run({ fleet, member, happenings, out, signal: stop.signal });
  } finally {
    await fleet.stop();
  }
}
