import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { defineProtocol, joinRoom, message, type Peer, type Room, request } from "@skein/client";
import { createServer } from "@skein/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));
const largeBytes = 64 * 1024 * 1024;

let base: string;
let server: Awaited<ReturnType<typeof createServer>>;
const started: ChildProcess[] = [];
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "skein-transfer-test-"));
  server = await createServer({ port: 0 });
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  await server.close();
  await rm(base, { recursive: true });
});

interface Event {
  readonly event: string;
  readonly bytes?: number;
  readonly path?: string;
  readonly outcome?: string;
  readonly message?: string;
  readonly [key: string]: unknown;
}

/** A `skein` command whose lines of JSON are read as they come. */
class Command {
  readonly events: Event[] = [];
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
  readonly #child: ChildProcess;
  readonly #wakers = new Set<() => void>();

  constructor(...args: string[]) {
    this.#child = spawn(process.execPath, [skein, ...args, "--room", "lab", "--server", server.url, "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    started.push(this.#child);
    let stderr = "";
    this.#child.stderr?.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
    createInterface({ input: this.#child.stdout as Readable }).on("line", (line) => {
      this.events.push(JSON.parse(line) as Event);
      for (const wake of this.#wakers) wake();
    });
    this.ended = once(this.#child, "close").then(([code]) => {
      for (const wake of this.#wakers) wake();
      return { code: code as number | null, stderr };
    });
  }

  /** The first event that is so; fails where the command ends without one. */
  async event(fits: (event: Event) => boolean): Promise<Event> {
    for (;;) {
      const found = this.events.find(fits);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null) throw new Error(`It ended; it said ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => this.#wakers.add(resolve));
    }
  }

  named(name: string): Promise<Event> {
    return this.event(({ event }) => event === name);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** So many bytes that no two places of them look the same. */
async function writeLarge(path: string): Promise<void> {
  for (let i = 0; i < largeBytes; i += 1 << 22) await writeFile(path, randomBytes(1 << 22), { flag: "a" });
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

describe("skein send and skein receive", () => {
  it("bring a tree over, and find it there the next time", async () => {
    const out = join(base, "photos");
    await mkdir(join(out, "deep/er"), { recursive: true });
    await mkdir(join(out, "nothing"));
    await writeFile(join(out, "empty"), "");
    await writeFile(join(out, "deep/ünï 日本.txt"), "hello");
    for (let i = 0; i < 300; i++) await writeFile(join(out, `deep/er/${i}`), randomBytes(i * 37));

    const receive = new Command("receive", join(base, "in"), "--yes", "--keep-open", "--name", "ada");
    const send = new Command("send", out, "--to", "ada");
    expect(await send.ended).toEqual({ code: 0, stderr: "" });
    expect(await send.named("sent")).toMatchObject({
      received: 302,
      made: 1,
      present: 0,
      refused: 0,
      to: { name: "ada" },
    });
    for (const name of await readdir(join(out, "deep/er"))) {
      expect(await readFile(join(base, "in/photos/deep/er", name))).toEqual(await readFile(join(out, "deep/er", name)));
    }
    expect((await readdir(join(base, "in/photos"))).sort()).toEqual(["deep", "empty", "nothing"]);

    await writeFile(join(base, "in/photos/empty"), "mine");
    const again = new Command("send", out);
    const { code, stderr } = await again.ended;
    expect([code, stderr]).toEqual([1, "skein: 1 file didn't go through.\n"]);
    expect(await again.named("sent")).toMatchObject({ received: 0, present: 301, refused: 1 });
    expect(await readFile(join(base, "in/photos/empty"), "utf8")).toBe("mine");

    receive.signal("SIGINT");
    const ended = await receive.ended;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/^skein: Stopped\..*\n$/);
    expect(await readdir(join(base, "in"))).toEqual(["photos"]);
  });

  describe.each(["send", "receive"] as const)("where `%s` is killed in the middle", (victim) => {
    it("go on from what is on disk when it is started again", async () => {
      const out = join(base, "large.bin");
      await writeLarge(out);
      const start = {
        send: () => new Command("send", out),
        receive: () => new Command("receive", join(base, "in"), "--yes"),
      };
      const commands = { receive: start.receive(), send: start.send() };
      await commands.receive.event(({ event, bytes }) => event === "progress" && (bytes ?? 0) > largeBytes / 4);
      commands[victim].signal("SIGKILL");
      await commands[victim].ended;
      expect(existsSync(join(base, "in/large.bin"))).toBe(false);
      const kept = (await stat(join(base, "in/.large.bin.skein-part"))).size;
      expect(kept).toBeGreaterThan(largeBytes / 5);

      const survivor = victim === "send" ? commands.receive : commands.send;
      commands[victim] = start[victim]();
      expect((await commands.send.ended).code).toBe(0);
      expect((await commands.receive.ended).code).toBe(0);
      expect(survivor.events.map(({ event }) => event)).toContain("lost");
      expect(await sha256(join(base, "in/large.bin"))).toBe(await sha256(out));
      expect(await readdir(join(base, "in"))).toEqual(["large.bin"]);
      // The first that is told of the second run is what was on disk already.
      const told = commands[victim].events.filter(({ event }) => event === "progress").map(({ bytes }) => bytes ?? 0);
      expect(Math.min(...told)).toBeGreaterThanOrEqual(kept);
    });
  });

  it("say in a sentence what is wrong, and exit with 1", async () => {
    const nowhere = new Command("send", join(base, "nowhere"));
    expect(await nowhere.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/nowhere can't be read: it isn't there\.\n$/),
    });
    expect(nowhere.events).toMatchObject([{ event: "error", code: "bad-argument" }]);
    const asking = new Command("receive", join(base, "in"));
    expect(await asking.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/add --yes/) });
  });
});

/** What docs/spec/transfer.md says, from its text alone: another implementation, and a bad one. */
const transfer = defineProtocol("skein.transfer", "1.0.0", {
  offer: message((value) => value as { transfer: string }),
  decline: message((value) => value as object),
  list: request(
    (value) => value as { from: number },
    (value) => value as object,
  ),
  digest: request(
    (value) => value as object,
    (value) => value as object,
  ),
  read: request(
    (value) => value as { entry: number; offset: number; length: number },
    (value) => value as object,
    { lane: "bulk" },
  ),
  settled: message((value) => value as { entry: number; outcome: { is: string } }),
  finish: request(
    (value) => value as object,
    (value) => value as object,
  ),
});

describe("skein receive, from a sender that isn't ours,", () => {
  it("writes nothing outside of its folder, and what is honest beside it comes", async () => {
    await mkdir(join(base, "in"));
    await mkdir(join(base, "out"));
    await symlink(join(base, "out"), join(base, "in/link"));
    await writeFile(join(base, "victim"), "mine");
    const body = Buffer.from("gotcha");
    const hostile = [
      "../victim",
      "/etc/x",
      "a/../../x",
      "link/x",
      "C:\\x",
      "..\\x",
      "a\0b",
      ".",
      "a//b",
      ".in.skein-part",
    ];
    const paths = [...hostile, join(base, "victim"), "good"];
    const entries = paths.map((path) => ({ kind: "file", path, bytes: body.length, modifiedMs: 0, executable: false }));
    const receive = new Command("receive", join(base, "in"), "--yes", "--overwrite");

    const room: Room = await joinRoom({ server: server.url, room: "lab", protocols: [transfer] });
    room.handle(transfer.list, ({ from }) => ({ entries: entries.slice(from) }));
    room.handle(transfer.read, ({ offset, length }) => ({
      is: "piece",
      bytes: new Uint8Array(body.subarray(offset, offset + length)),
      sha256: createHash("sha256").update(body).digest("hex"),
    }));
    const outcomes: Record<string, string> = {};
    room.handle(transfer.settled, ({ entry, outcome }) => {
      outcomes[paths[entry] ?? ""] = outcome.is;
    });
    const finished = new Promise<void>((resolve) =>
      room.handle(transfer.finish, () => {
        resolve();
        return {};
      }),
    );
    room.on("peer-connected", (peer) => {
      const bytes = body.length * entries.length;
      const offer = { transfer: "A".repeat(22), entries: entries.length, bytes, names: ["x"] };
      if (peer.card.caps.includes("skein.transfer/receive")) void room.send(peer, transfer.offer, offer);
    });
    await finished;
    expect((await receive.ended).code).toBe(1);
    await room.leave();

    expect(outcomes).toEqual(Object.fromEntries(paths.map((path) => [path, path === "good" ? "received" : "refused"])));
    expect((await readdir(base)).sort()).toEqual(["in", "out", "victim"]);
    expect((await readdir(join(base, "in"))).sort()).toEqual(["good", "link"]);
    expect(await readdir(join(base, "out"))).toEqual([]);
    expect(await readFile(join(base, "victim"), "utf8")).toBe("mine");
  });
});

describe("skein send, to a receiver that isn't ours,", () => {
  /** Joins as a receiver, and does this with each offer. */
  async function receiver(take: (room: Room, peer: Peer, offer: string) => Promise<unknown>): Promise<Room> {
    const capabilities = ["skein.transfer/receive"];
    const room = await joinRoom({ server: server.url, room: "lab", name: "eve", protocols: [transfer], capabilities });
    room.handle(transfer.offer, async ({ transfer: offer }, peer) => {
      await take(room, peer, offer);
    });
    return room;
  }

  beforeEach(() => writeFile(join(base, "a"), "hello"));

  it("says that it was declined", async () => {
    await using _room = await receiver((room, peer, offer) => room.send(peer, transfer.decline, { transfer: offer }));
    const ended = await new Command("send", join(base, "a")).ended;
    expect(ended).toEqual({ code: 1, stderr: "skein: eve doesn't want it.\n" });
  });

  it("believes no other SHA-256 than its own, and answers nobody about what wasn't offered", async () => {
    const failures: string[] = [];
    const replies: object[] = [];
    await using _room = await receiver(async (room, peer, offer) => {
      const stranger = room.request(peer, transfer.list, { transfer: "B".repeat(22), from: 0 } as { from: number });
      failures.push(await stranger.then(String, ({ code }) => code));
      const all = { transfer: offer, from: 0 };
      replies.push(await room.request(peer, transfer.list, all));
      const range = { transfer: offer, entry: 0, offset: 0, length: 5 };
      replies.push(await room.request(peer, transfer.read, range));
      const early = room.request(peer, transfer.finish, { transfer: offer });
      failures.push(await early.then(String, ({ code }) => code));
      const outcome = { is: "received", sha256: "0".repeat(64) };
      await room.send(peer, transfer.settled, { transfer: offer, entry: 0, outcome } as {
        entry: number;
        outcome: typeof outcome;
      });
      await room.request(peer, transfer.finish, { transfer: offer });
    });
    const send = new Command("send", join(base, "a"));
    expect(await send.ended).toEqual({ code: 1, stderr: "skein: 1 file didn't go through.\n" });
    expect(failures).toEqual(["aborted", "bad-message"]);
    const bytes = new Uint8Array(Buffer.from("hello"));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(replies).toMatchObject([
      { entries: [{ kind: "file", path: "a", bytes: 5 }] },
      { is: "piece", bytes, sha256 },
    ]);
    expect(await send.named("settled")).toMatchObject({
      outcome: "refused",
      reason: expect.stringMatching(/another SHA-256/),
    });
  });

  it("offers to the one that was named, and to no other", async () => {
    let offers = 0;
    await using _room = await receiver(async () => {
      offers++;
    });
    const receive = new Command("receive", join(base, "in"), "--yes", "--name", "bob");
    const { peer } = await receive.named("joined");
    const ended = await new Command("send", join(base, "a"), "--to", String(peer)).ended;
    expect([ended.code, offers]).toEqual([0, 0]);
  });
});
