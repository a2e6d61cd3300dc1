import { listenForStop } from "../process/stop.js";
import { Fleet } from "./fleet.js";
import { runInteractive } from "./interactive.js";
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
  const died = { listener: (_name: string, _how: string): void => {} };
  const showsProgress = process.stdout.isTTY === true && !json;
  if (showsProgress) process.stdout.write("  starting a server and three agents …");
  let fleet: Fleet;
  try {
    fleet = await Fleet.start({ path, port, signal: stop.signal, died: (name, how) => died.listener(name, how) });
  } finally {
    if (showsProgress) process.stdout.write("\r\x1b[K");
  }
  try {
    const run = json ? runPassThrough : runInteractive;
    await run({ fleet, out, signal: stop.signal, onDeath: (listener) => (died.listener = listener) });
  } finally {
    await fleet.stop();
  }
}
