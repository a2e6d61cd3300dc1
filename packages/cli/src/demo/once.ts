import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SkeinError } from "@skein/protocol";
import type { KeeperVote } from "../crew/keepership.js";
import { deferred } from "../process/deferred.js";
import { createInk } from "../terminal/ink.js";
import { chooseExample } from "./example.js";
import { Fleet } from "./fleet.js";
import { Member } from "./member.js";
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
    return await Promise.race([look(fleet, folder, signal), lost.promise]);
  } finally {
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function look(fleet: Fleet, folder: string, signal: AbortSignal): Promise<OnceReport> {
  let vote: KeeperVote | undefined;
  await using member = await Member.join({
    url: fleet.url,
    agents: fleet.agents,
    relay: "never",
    signal,
    listener: () => ({ voted: (each) => (vote = each) }),
  });
  const { leader, keeper } = await member.officesTaken(signal);
  const { words, file } = await chooseExample(fleet, member, signal);
  const found = await member.find(words, signal);
  if (found.hits.length === 0) throw new SkeinError("closed", `The search for "${words}" found nothing.`);
  if (found.failed > 0) throw new SkeinError("closed", "A part of the folder wasn't searched: no agent holds it.");
  const { bytes, sha256, from } = await member.get(file, folder, { signal });
  return {
    ok: true,
    server: fleet.url,
    agents: fleet.agents.map(({ id }) => id),
    links: await links(fleet),
    leader: member.nameOf(leader),
    index: { keeper: member.nameOf(keeper), votes: yesOf(vote), of: vote?.electors ?? 0 },
    search: { query: words, hits: found.hits.length, agents: found.agents },
    file: { name: file, bytes, sha256, verified: true, from },
  };
}

function yesOf(vote: KeeperVote | undefined): number {
  return [...(vote?.ballots.values() ?? [])].filter((choice) => choice === "yes").length;
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
