import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-demo-test-"));
  for (let i = 0; i < 30; i++)
    await writeFile(join(folder, `note-${i}.md`), `# Note ${i}\n\nThe heron stands still.\n`);
  await writeFile(join(folder, "README.md"), "Notes about birds.\n");
});
afterAll(() => rm(folder, { recursive: true }));

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [skein, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  started.push(child);
  return child;
}

async function finish(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr?.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

describe("skein demo --once --json", () => {
  it("links three agents, searches, fetches a file over a link, and ends", async () => {
    const { code, stdout, stderr } = await finish(start("demo", folder, "--once", "--json"));
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const report = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    const readme = await readFile(join(folder, "README.md"));
    expect(report).toMatchObject({
      ok: true,
      server: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/skein$/),
      search: { query: expect.any(String), hits: expect.any(Number) },
      file: {
        name: "README.md",
        bytes: readme.length,
        sha256: createHash("sha256").update(readme).digest("hex"),
        verified: true,
      },
    });
    expect(report.search.hits).toBeGreaterThan(0);
    expect(new Set(report.agents).size).toBe(3);
    const pairs = report.links.map(({ a, b }: { a: string; b: string }) => [a, b].sort().join());
    expect(new Set(pairs).size).toBe(3);
    for (const { path, openMs, rttMs } of report.links) {
      expect(path).toBe("direct");
      expect(openMs).toBeGreaterThan(0);
      expect(rttMs === null || rttMs > 0).toBe(true);
    }
  });

  it("says in one sentence what is wrong, and exits with 1", async () => {
    const { code, stdout, stderr } = await finish(start("demo", join(folder, "nowhere"), "--once", "--json"));
    expect(code).toBe(1);
    expect(JSON.parse(stdout.trim())).toMatchObject({ ok: false, error: { message: expect.any(String) } });
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/^skein: There is no folder /);
  });

  it("says that the port it was told to take is in use", async () => {
    const server = start("serve", "--port", "0", "--json");
    const { port } = await firstEvent(server);
    const { code, stderr } = await finish(start("demo", folder, "--once", "--json", "--port", String(port)));
    expect(code).toBe(1);
    expect(stderr).toMatch(/in use/);
    server.kill();
    expect((await finish(server)).code).toBe(0);
  });
});

it("skein serve tells what it has passed on, in JSON and for people", async () => {
  const options = ["serve", "--port", "0", "--relay-rate", "512K", "--stats", "60"];
  const server = start(...options, "--json");
  await firstEvent(server);
  server.kill();
  const lines = (await finish(server)).stdout.trim().split("\n").slice(-2);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: "stats", peers: 0, relayed: 0, relayedBytes: 0, delays: 0, bufferedBytes: 0, drops: {} },
    { event: "stopped" },
  ]);
  const forPeople = start(...options);
  await once(forPeople.stdout as NodeJS.ReadableStream, "data");
  forPeople.kill();
  expect((await finish(forPeople)).stdout).toMatch(/0 relayed frames \(0 B\) passed on\n$/);
});

describe("skein demo leaves no process behind", () => {
  it.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL", "the end of stdin"] as const)("after %s", async (how) => {
    const demo = start("demo", folder, "--json");
    const pids = pidsOf(await firstEvent(demo));
    expect(pids).toHaveLength(4);
    expect(pids.every(isRunning)).toBe(true);
    const closed = once(demo, "exit");
    if (how === "the end of stdin") demo.stdin?.end();
    else demo.kill(how);
    const [code] = await closed;
    if (how !== "SIGKILL") expect(code).toBe(0);
    await expect.poll(() => pids.filter(isRunning), { timeout: 10_000 }).toEqual([]);
  });

  it("carries on when an agent is killed, and says so", async () => {
    const demo = start("demo", folder, "--json");
    const lines = linesOf(demo);
    const ready = await eventOf(lines, "ready");
    const second = agentsOf(ready)[1] as FleetAgent;
    process.kill(second.pid, "SIGKILL");
    const ended = await eventOf(lines, "process-ended");
    expect(ended).toMatchObject({ name: second.name, how: "was ended by SIGKILL" });
    demo.stdin?.write('{"op":"find","id":1,"words":"heron"}\n');
    const found = await eventOf(lines, "found");
    expect(found.agents).toBe(2);
    expect(found.hits?.length).toBeGreaterThan(0);
    demo.stdin?.end();
    await once(demo, "exit");
  });
});

function agentsOf({ agents }: Event): readonly FleetAgent[] {
  return typeof agents === "object" ? agents : [];
}

function pidsOf(ready: Event): number[] {
  return [ready.serverPid ?? 0, ...agentsOf(ready).map(({ pid }) => pid)];
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface FleetAgent {
  readonly name: string;
  readonly pid: number;
}

/** What these tests read of a line. */
interface Event {
  readonly event: string;
  readonly port?: number;
  readonly serverPid?: number;
  readonly agents?: readonly FleetAgent[] | number;
  readonly hits?: readonly unknown[];
}

function linesOf(child: ChildProcess): AsyncIterator<string> {
  const lines: Interface = createInterface({ input: child.stdout as Readable });
  return lines[Symbol.asyncIterator]();
}

async function eventOf(lines: AsyncIterator<string>, name: string): Promise<Event> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`It ended without a "${name}".`);
    const event = JSON.parse(value) as Event;
    if (event.event === name) return event;
  }
}

async function firstEvent(child: ChildProcess): Promise<Event> {
  let complaint = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    complaint += bytes.toString();
  });
  const { value, done } = await linesOf(child).next();
  if (done) throw new Error(`It ended without a word but this: ${complaint}`);
  return JSON.parse(value) as Event;
}
