import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

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
    expect(["fern", "moss", "birch"]).toEqual(expect.arrayContaining([report.leader, report.index.keeper]));
    expect(report.file.from.length).toBeGreaterThan(0);
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
});

describe("skein demo, when an agent is killed", () => {
  let demo: ChildProcess;
  let lines: AsyncIterator<string>;
  let agents: readonly FleetAgent[];
  const ask = (operation: object): boolean | undefined => demo.stdin?.write(`${JSON.stringify(operation)}\n`);

  beforeEach(async () => {
    demo = start("demo", folder, "--json");
    lines = linesOf(demo);
    agents = agentsOf(await eventOf(lines, "ready"));
  });
  afterEach(async () => {
    for (const { pid } of agents) if (isRunning(pid)) process.kill(pid, "SIGCONT");
    demo.stdin?.end();
    await once(demo, "exit");
  });

  /** Asks again and again until the offices are taken so. */
  async function offices(are: (event: Event) => boolean): Promise<Event> {
    for (;;) {
      ask({ op: "peers" });
      const event = await eventOf(lines, "peers");
      if (are(event)) return event;
    }
  }

  it("hands its search over, and finds as much as before", async () => {
    ask({ op: "find", id: 1, words: "heron" });
    const before = await eventOf(lines, "found");
    expect(before).toMatchObject({ failed: [] });
    expect(before.hits).toHaveLength(30);
    // One that is stopped takes its task and says nothing.
    const second = agents[1] as FleetAgent;
    process.kill(second.pid, "SIGSTOP");
    ask({ op: "find", id: 2, words: "heron" });
    process.kill(second.pid, "SIGKILL");
    expect(await eventOf(lines, "process-ended")).toMatchObject({ name: second.name, how: "was ended by SIGKILL" });
    const after = await eventOf(lines, "found");
    expect(after).toMatchObject({ failed: [], agents: 2 });
    expect(after.hits?.map(({ file }) => file).sort()).toEqual(before.hits?.map(({ file }) => file).sort());
  });

  it("fetches from the other holder", async () => {
    process.kill((agents[0] as FleetAgent).pid, "SIGKILL");
    for (let note = 0; note < 30; note++) {
      const to = join(folder, "skein-downloads");
      ask({ op: "get", id: note, file: `note-${note}.md`, to });
      expect(await eventOf(lines, "got")).toMatchObject({ id: note, verified: true });
      expect(await readFile(join(to, `note-${note}.md`), "utf8")).toBe(`# Note ${note}\n\nThe heron stands still.\n`);
    }
  });

  it("elects another leader, and votes for another keeper of the index", async () => {
    const taken = ({ leader, keeper }: Event): boolean => typeof leader === "string" && typeof keeper === "string";
    const { leader, keeper } = await offices(taken);
    const lost = new Set([leader, keeper]);
    for (const { id, pid } of agents) if (lost.has(id)) process.kill(pid, "SIGKILL");
    const another = ({ leader, keeper }: Event): boolean => !lost.has(leader) && !lost.has(keeper);
    const after = await offices((event) => taken(event) && another(event));
    expect(agents.map(({ id }) => id)).toEqual(expect.arrayContaining([after.leader, after.keeper]));
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
  readonly id: string;
  readonly name: string;
  readonly pid: number;
}

/** What these tests read of a line. */
interface Event {
  readonly event: string;
  readonly port?: number;
  readonly serverPid?: number;
  readonly agents?: readonly FleetAgent[] | number;
  readonly hits?: readonly { readonly file: string }[];
  readonly leader?: string | null;
  readonly keeper?: string | null;
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
