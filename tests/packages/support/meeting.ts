import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { freshApp } from "./fresh-app.ts";

/** A server of the packed command, and a Node peer that answers whoever comes into its rooms. */
export class Meeting {
  readonly #children: readonly ChildProcess[];
  readonly #folder: string;
  readonly server: string;

  private constructor(server: string, folder: string, children: readonly ChildProcess[]) {
    this.server = server;
    this.#folder = folder;
    this.#children = children;
  }

  /** @param rooms where the partner waits. */
  static async open(installed: string, rooms: readonly string[]): Promise<Meeting> {
    const serving = start(join(installed, "node_modules/.bin/skein"), ["serve", "--port", "0"], installed);
    const [server] = await printed(serving, /ws:\S+/);
    const folder = await freshApp("partner", installed);
    const partner = start(process.execPath, ["main.js", server, ...rooms], folder);
    await printed(partner, /waiting/);
    return new Meeting(server, folder, [serving, partner]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map(end));
    await rm(this.#folder, { recursive: true });
  }
}

/** A process that goes on until the test ends it; what it complains of is ours to see. */
export function start(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  return spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
}

/** Waits until a process has written something like that. */
export async function printed(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  let text = "";
  for await (const part of (child.stdout as Readable).iterator({ destroyOnReturn: false })) {
    text += part;
    const found = pattern.exec(text);
    if (found !== null) return found;
  }
  throw new Error(`It ended, and said only: ${text}`);
}

/** Ends a process that waits for nothing but that. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill();
  await ended;
}
