import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineProtocol, joinRoom, message, type Peer, request } from "@skein/client";
import { createServer } from "@skein/server";
import { afterEach, beforeEach, expect, it } from "vitest";

const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));
const guide = new URL("../../docs/guide/embedding.md", import.meta.url);
const python = findPython();

const math = defineProtocol("acme.math", "1.0.0", {
  ready: message((body: unknown) => body),
  add: request((numbers: unknown) => numbers, Number),
});

/** Holds the command `skein`, as an installed package would. */
let folder: string;
const started: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-embedding-"));
  await symlink(skein, join(folder, "skein"));
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

it.skipIf(python === undefined)("the guide's Python agent adds numbers for a Node agent (needs python3)", async () => {
  const [, code] = /```python\n(.*?)```/s.exec(await readFile(guide, "utf8")) ?? [];
  await writeFile(join(folder, "adder.py"), code ?? "");
  await using server = await createServer({ port: 0 });
  const room = await joinRoom({ server: server.url, room: "lab", protocols: [math] });
  const ready = new Promise<readonly [unknown, Peer]>((resolve) => {
    room.handle(math.ready, (body, from) => resolve([body, from]));
  });
  const adder = spawn(python ?? "", [join(folder, "adder.py"), "lab", server.url], {
    env: { ...process.env, PATH: [folder, dirname(process.execPath), process.env.PATH].join(delimiter) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  started.push(adder);

  const [body, peer] = await ready;
  expect(body).toEqual({ since: 1 });
  expect(peer.card.name).toBe("adder");
  expect(await room.request(peer, math.add, [1, 2, 39])).toBe(42);
  const ended = once(adder, "exit");
  await room.leave();
  expect((await ended)[0]).toBe(0);
});

function findPython(): string | undefined {
  for (const name of ["/usr/bin/python3", "python3"]) {
    try {
      execFileSync(name, ["-c", "import json, subprocess"], { stdio: "ignore" });
      return name;
    } catch {
      // Not this one.
    }
  }
  return undefined;
}
