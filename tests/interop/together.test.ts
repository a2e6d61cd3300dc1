import { type ChildProcess, fork, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { joinRoom } from "@skein/client";
import {
  artifactsProtocol,
  createArtifacts,
  createMemoryStore,
  createPresence,
  createTasks,
  presenceProtocol,
  tasksProtocol,
} from "@skein/coordination";
import { createServer } from "@skein/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Told } from "./support/told.ts";

const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));
const workerScript = new URL("./support/task-worker.ts", import.meta.url);

let base: string;
let server: Awaited<ReturnType<typeof createServer>>;
const started: ChildProcess[] = [];
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "skein-together-test-"));
  server = await createServer({ port: 0 });
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  await server.close();
  await rm(base, { recursive: true });
});

interface Event {
  readonly event: string;
  readonly [key: string]: unknown;
}

function command(...args: string[]): { child: ChildProcess; told: Told<Event>; ended: Promise<number | null> } {
  const all = [skein, ...args, "--room", "lab", "--server", server.url, "--json"];
  const child = spawn(process.execPath, all, { stdio: ["ignore", "pipe", "ignore"] });
  started.push(child);
  const told = new Told<Event>();
  createInterface({ input: child.stdout as Readable }).on("line", (line) => told.add(JSON.parse(line) as Event));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, told, ended };
}

describe("tasks, on real engines", () => {
  interface WorkerWord {
    readonly ready?: string;
    readonly begun?: unknown;
    readonly aborted?: unknown;
  }

  async function worker(name: string): Promise<{ child: ChildProcess; told: Told<WorkerWord> }> {
    const child = fork(workerScript, [server.url, name], { execArgv: [] });
    started.push(child);
    const told = new Told<WorkerWord>();
    child.on("message", (word) => told.add(word as WorkerWord));
    await told.first(({ ready }) => ready !== undefined);
    return { child, told };
  }

  it("are done by another worker when the one that has them is killed, and cancelled where they are given up", async () => {
    const workers = new Map([
      ["fern", await worker("fern")],
      ["moss", await worker("moss")],
    ]);
    await using room = await joinRoom({
      server: server.url,
      room: "lab",
      protocols: [presenceProtocol, tasksProtocol],
    });
    await using presence = createPresence(room);
    await using tasks = createTasks(room, { presence });
    const begun = (input: string) =>
      Promise.race([...workers].map(([name, { told }]) => told.first((word) => word.begun === input).then(() => name)));

    const handedOver: string[] = [];
    tasks.on("handed-over", ({ reason }) => handedOver.push(reason.code));
    const answer = tasks.delegate({ name: "work", input: "once" });
    const first = await begun("once");
    workers.get(first)?.child.kill("SIGKILL");
    workers.delete(first);
    expect(await answer).toBe([...workers.keys()][0]);
    expect(handedOver).toEqual(["link-lost"]);

    const controller = new AbortController();
    const hanging = tasks.delegate({ name: "work", input: "hang", signal: controller.signal });
    const second = await begun("hang");
    controller.abort();
    await expect(hanging).rejects.toMatchObject({ code: "aborted" });
    await workers.get(second)?.told.first((word) => word.aborted === "hang");
  });
});

describe("skein share and fetch", () => {
  const content = randomBytes(24 * 1024 * 1024 + 11);

  async function share(...paths: string[]) {
    const one = command("share", ...paths);
    await one.told.first(({ event }) => event === "ready");
    const shared = await one.told.first(({ event }) => event === "shared");
    return { ...one, id: String(shared.id) };
  }

  async function contentFile(): Promise<string> {
    const path = join(base, "content.bin");
    await writeFile(path, content);
    return path;
  }

  it("bring a file from three holders, one of which is killed in the middle", async () => {
    const path = await contentFile();
    const holders = await Promise.all([share(path), share(path), share(path)]);
    const out = join(base, "out");
    const { told, ended } = command("fetch", holders[0]?.id ?? "", "--output", out);
    await told.first(({ event, bytes }) => event === "progress" && Number(bytes) > 1_000_000);
    holders[1]?.child.kill("SIGKILL");
    expect(await ended).toBe(0);
    expect(Buffer.compare(await readFile(join(out, "content.bin")), content)).toBe(0);
    expect(await readdir(out)).toEqual(["content.bin"]);
  });

  it("go on where a fetch that was killed ended", async () => {
    const { id } = await share(await contentFile());
    const out = join(base, "out");
    const first = command("fetch", id, "--output", out);
    await first.told.first(({ event, bytes }) => event === "progress" && Number(bytes) > 4_000_000);
    first.child.kill("SIGKILL");
    await first.ended;
    expect(await readdir(out)).toEqual([".skein-artifacts"]);
    const second = command("fetch", id, "--output", out);
    expect(await second.ended).toBe(0);
    const [progress] = second.told.items.filter(({ event }) => event === "progress");
    expect(Number(progress?.bytes)).toBeGreaterThan(4_000_000);
    expect(Buffer.compare(await readFile(join(out, "content.bin")), content)).toBe(0);
  });

  it("name a holder that lies, and get the file from another", async () => {
    const { id } = await share(await contentFile());
    const kept = createMemoryStore();
    const room = await joinRoom({ server: server.url, room: "lab", protocols: [artifactsProtocol] });
    const lying = {
      list: () => kept.list(),
      draft: (name: string) => kept.draft(name),
      remove: () => Promise.resolve(),
      close: () => Promise.resolve(),
      read: async (...[of, index]: Parameters<typeof kept.read>) =>
        (await kept.read(of, index))?.map((byte) => byte ^ 1),
    };
    await using artifacts = await createArtifacts(room, { store: lying });
    expect((await artifacts.put(content)).id).toBe(id);
    const out = join(base, "out");
    const { told, ended } = command("fetch", id, "--output", out);
    expect(await ended).toBe(0);
    expect(told.items.find(({ event }) => event === "dropped")).toMatchObject({ holder: room.id, reason: "lied" });
    // The liar gave no name with it: where it was heard first, the file has none but its id.
    const [file] = (await readdir(out)).filter((name) => !name.startsWith("."));
    expect(Buffer.compare(await readFile(join(out, file as string)), content)).toBe(0);
    await room.leave();
  });

  it("replace no file unless it is wanted, and give nothing of a file that was changed", async () => {
    const path = await contentFile();
    const { id } = await share(path);
    const out = join(base, "out");
    expect(await command("fetch", id, "--output", out).ended).toBe(0);
    await writeFile(join(out, "content.bin"), "mine");
    for (const [name, what] of [
      ["content.bin", /is there already/],
      ["../out/free", /lead out/],
    ] as const) {
      const refused = command("fetch", id, "--output", out, "--as", name);
      expect(await refused.ended).toBe(1);
      // Before anything was fetched.
      expect(refused.told.items).toMatchObject([{ event: "error", message: expect.stringMatching(what) }]);
    }
    expect(await command("fetch", id, "--output", out).ended).toBe(1);
    expect(await readFile(join(out, "content.bin"), "utf8")).toBe("mine");
    expect(await command("fetch", id, "--output", out, "--overwrite").ended).toBe(0);
    await writeFile(path, "another content");
    const nobodys = command("fetch", "0".repeat(64), "--output", join(base, "nothing"), "--wait", "2");
    const late = command("fetch", id, "--output", join(base, "late"), "--wait", "2");
    expect(await late.ended).toBe(1);
    expect(late.told.items.at(-1)).toMatchObject({ event: "error", code: "no-such-peer" });
    expect(await nobodys.ended).toBe(1);
    expect(await readdir(join(base, "nothing"))).toEqual([]);
  });
});
