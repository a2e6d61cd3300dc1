import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SkeinError } from "@skein/protocol";
import { deferred } from "../process/deferred.js";
import { createInk } from "../terminal/ink.js";
import { chooseExample } from "./example.js";
import { Fleet } from "./fleet.js";
import type { OnceReport } from "./once-report.js";
import { onceLines } from "./view.js";

/** One search and one fetch; what came of them is told at the end. @throws {SkeinError} where anything went wrong */
export async function runOnce(options: {
  readonly path: string;
  readonly port: number | undefined;
  readonly json: boolean;
  readonly signal: AbortSignal;
}): Promise<void> {
  const write = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  try {
    const report = await once(options);
    if (options.json) write(JSON.stringify(report));
    else for (const line of onceLines(report, createInk(process.stdout))) write(line);
  } catch (error) {
    const { code, message } = SkeinError.from(error, "closed");
    if (options.json) write(JSON.stringify({ ok: false, error: { code, message } }));
    throw error;
  }
}

async function once({
  path,
  port,
  signal,
}: {
  path: string;
  port: number | undefined;
  signal: AbortSignal;
}): Promise<OnceReport> {
  const lost = deferred<never>();
  lost.promise.catch(() => {});
  const died = (name: string, how: string): void => lost.reject(new SkeinError("closed", `${name} ${how}.`));
  const stopped = (): void => lost.reject(new SkeinError("aborted", "The demo was told to stop before it was done."));
  // It shows direct links, and waits for them: an attempt that fails on a busy machine is followed by another.
  const fleet = await Fleet.start({ path, port, signal, relay: "never", died });
  signal.addEventListener("abort", stopped, { once: true });
  if (signal.aborted) stopped();
  const folder = await mkdtemp(join(tmpdir(), "skein-demo-"));
  try {
    return await Promise.race([look(fleet, folder), lost.promise]);
  } finally {
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function look(fleet: Fleet, folder: string): Promise<OnceReport> {
  const { words, file } = await chooseExample(fleet);
  const found = await fleet.find(words);
  if (found.hits.length === 0) throw new SkeinError("closed", `The search for "${words}" found nothing.`);
  if (found.agents < fleet.agents.length)
    throw new SkeinError("closed", `The search wasn't answered by ${found.failed.join(" and ")}.`);
  const { bytes, sha256, verified } = await fleet.get(file, folder);
  return {
    ok: true,
    server: fleet.url,
    agents: fleet.agents.map(({ id }) => id),
    links: await links(fleet),
    search: { query: words, hits: found.hits.length },
    file: { name: file, bytes, sha256, verified },
  };
}

/** Each link once. */
async function links(fleet: Fleet): Promise<OnceReport["links"]> {
  const order = new Map(fleet.agents.map(({ id }, index) => [id, index]));
  const reports = await fleet.links();
  return reports.flatMap(({ agent, peers }) =>
    peers
      .filter(({ id }) => (order.get(id) ?? -1) > (order.get(agent.id) ?? 0))
      .map(({ id, path, openMs, rttMs }) => ({ a: agent.id, b: id, path, openMs, rttMs })),
  );
}
