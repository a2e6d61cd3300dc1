import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { joinRoom, type Room, type RoomStats } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";
import { createServer } from "@skein/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));

let server: Awaited<ReturnType<typeof createServer>>;
const rooms: Room[] = [];
const started: ChildProcess[] = [];
beforeEach(async () => {
  server = await createServer({ port: 0 });
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  await Promise.all(rooms.splice(0).map((room) => room.leave()));
  await server.close();
});

async function join(name: string, policy: "fallback" | "only" = "fallback"): Promise<Room> {
  const room = await joinRoom({ server: server.url, room: "lab", name, paths: [relayFallback({ policy })] });
  rooms.push(room);
  return room;
}

function start(...options: string[]): ChildProcess {
  const child = spawn(process.execPath, [skein, "peers", "--room", "lab", "--server", server.url, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  return child;
}

/** What it wrote, and how it ended. */
async function finish(child: ChildProcess) {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout as Readable),
    text(child.stderr as Readable),
    once(child, "exit"),
  ]);
  return { stdout, stderr, code: code as number | null };
}

describe("skein peers", () => {
  it("prints one table where there is no terminal, once all links are there, direct and relayed", async () => {
    await Promise.all([join("ann"), join("ben", "only")]);
    const { stdout, stderr, code } = await finish(start());
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^lab · 2 peers, 2 linked · server connected\n/);
    expect(stdout).toMatch(/\nNAME +ID +PATH +ENDS +RTT +IN +OUT +MESSAGES +RELAYED +SINCE\n/);
    expect(stdout).toMatch(/\nann +\S{8} +direct +(host|prflx)\/(host|prflx) .* \d+ B +\d+ s\n/);
    expect(stdout).toMatch(/\nben +\S{8} +relay +– .* [1-9]\d* B +\d+ s\n/);
  });

  it("says so where nobody is there", async () => {
    const { stdout, code } = await finish(start("--once"));
    expect([code, stdout.trim().split("\n").at(-1)]).toEqual([0, "Nobody else is in the room."]);
  });

  it("tells a line of JSON each second until it is stopped, and then leaves", async () => {
    const ann = await join("ann");
    const left = new Promise<string>((resolve) => ann.on("peer-left", ({ reason }) => resolve(reason)));
    const child = start("--json", "--name", "watch");
    const exited = once(child, "exit");
    let linked = 0;
    const lines: (Partial<RoomStats> & { event: string })[] = [];
    for await (const line of createInterface({ input: child.stdout as Readable })) {
      lines.push(JSON.parse(line));
      if (lines.at(-1)?.perPeer?.[0]?.state === "connected" && ++linked === 2) child.kill("SIGINT");
    }
    expect((await exited)[0]).toBe(0);
    expect(lines[0]).toMatchObject({ event: "joined", room: "lab" });
    expect(lines.at(-1)).toEqual({ event: "left" });
    expect(lines.at(-2)).toMatchObject({
      event: "stats",
      peers: 1,
      perPeer: [{ id: ann.id, name: "ann", path: "direct" }],
    });
    expect(lines.at(-2)?.events?.map(({ event }) => event)).toContain("peer-connected");
    expect(await left).toBe("left");
  });

  it("tells what is wrong as an event where the server isn't there, too", async () => {
    await server.close();
    const { stdout, stderr, code } = await finish(start("--json", "--once"));
    expect(JSON.parse(stdout)).toMatchObject({ event: "error", code: "server-unreachable" });
    expect([code, stderr.split("\n").length]).toEqual([1, 2]);
    server = await createServer({ port: 0 });
  });

  it.skipIf(!hasScript())(
    "draws on a terminal, and gives it back after Ctrl-C (needs util-linux's script)",
    async () => {
      await join("ann");
      // `exec`: a shell that waits in between gets Ctrl-C as well, and may end by it.
      const command = `exec ${process.execPath} ${skein} peers --room lab --server ${server.url}`;
      const child = spawn("script", ["-qefc", `stty cols 80 rows 24; ${command}`, "/dev/null"], {
        stdio: ["pipe", "pipe", "ignore"],
        env: { ...process.env, TERM: "xterm" },
      });
      started.push(child);
      const exited = once(child, "exit");
      let shown = "";
      for await (const bytes of child.stdout as Readable) {
        const before = shown.includes("peer-connected");
        shown += String(bytes);
        if (!before && shown.includes("peer-connected")) child.stdin?.write("\x03");
      }
      expect((await exited)[0]).toBe(0);
      const [screen, after = ""] = shown.split("\x1b[?25h\x1b[?1049l");
      expect(screen).toContain("\x1b[?1049h\x1b[?25l");
      expect(after).toMatch(/lab · 1 peer, 1 linked/);
      expect(after).toMatch(/ann(\x1b\[\d+m)* /);
    },
  );
});

function hasScript(): boolean {
  try {
    execFileSync("script", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
