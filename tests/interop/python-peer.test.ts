import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  createIdentity,
  defineProtocol,
  type Identity,
  joinRoom,
  type Peer,
  request,
  saveIdentity,
} from "@skein/client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type EngineName, World } from "./support/engines.ts";
import { LineProgram } from "./support/lines.ts";
import { PythonPeer } from "./support/python-peer.ts";

const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));
const example = fileURLToPath(new URL("../../examples/python-peer", import.meta.url));
const run = promisify(execFile);

let world: World;
let folder: string;
const pythons: PythonPeer[] = [];
beforeAll(async () => {
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), "skein-python-"));
});
afterEach(async () => {
  for (const python of pythons.splice(0)) await python.kill();
  await world.endAgents();
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await world[Symbol.asyncDispose]();
});

async function python(room: string, ...options: readonly string[]): Promise<PythonPeer> {
  const peer = await PythonPeer.join(world.server.url, room, ...options);
  pythons.push(peer);
  peer.serve();
  return peer;
}

/** The option that gives it this identity. */
async function as(identity: Identity): Promise<readonly string[]> {
  const file = join(folder, randomUUID());
  await writeFile(file, `${saveIdentity(identity)}\n`);
  return ["--identity", file];
}

/** Messages and requests, both ways, small ones and one of many pieces. */
async function talk(engine: EngineName, path: "direct" | "relay", pythonOffers: boolean): Promise<void> {
  const room = world.freshRoom();
  // By the rule of who offers: a browser, or else the greater id.
  const [lower, greater] = [createIdentity(), createIdentity()].sort((a, b) => (a.id < b.id ? -1 : 1)) as [
    Identity,
    Identity,
  ];
  const [ours, theirs] = pythonOffers ? [lower, greater] : [greater, lower];
  const agent = await world.agent(engine);
  const relay = path === "relay" ? "only" : "never";
  const id = await agent.join({
    server: world.server.url,
    room,
    name: "a",
    identity: saveIdentity(ours),
    relay,
    ...(engine === "node" ? { offers: false } : {}),
  });
  const peer = await python(room, "--relay", relay, ...(await as(theirs)));
  await Promise.all([peer.linked(path), agent.connected(1)]);
  expect(await agent.peers()).toMatchObject([{ id: peer.id, name: "py", path }]);

  const value = { text: "grüße 👋", list: [1, 2.5, -3, null, true], deep: { a: { b: [] } } };
  const [answer] = await Promise.all([agent.echo(peer.id, value), peer.answer()]);
  expect(answer).toEqual(value);
  expect(await peer.request(id, value)).toEqual(value);

  const long = "0123456789".repeat(60_000);
  await agent.say(peer.id, long);
  const { body, from } = await peer.event("message");
  expect(from).toBe(id);
  expect(body).toEqual({ text: long });
  peer.do({ op: "send", to: id, type: "skein.test/say", body: { text: long } });
  expect(await agent.heardCount(1)).toEqual([{ from: peer.id, text: long }]);

  await peer.leave();
  await agent.logged("peer-left py: left");
  expect(await agent.stats()).toMatchObject({ peers: 0, rejected: {} });
  expect(peer.events("rejected")).toEqual([]);
}

it("the peer in Python reads and writes the vectors, and throws at no bytes", async () => {
  const { stderr } = await run("/usr/bin/python3", ["-m", "unittest"], { cwd: example });
  expect(stderr).toMatch(/\nOK\s*$/);
});

describe("the peer in Python talks", () => {
  it("with node-datachannel, where it offers", () => talk("node", "direct", true));
  it("with node-datachannel, where that offers", () => talk("node", "direct", false));
  it("with Chromium", () => talk("chromium", "direct", false));
  it("over the relay alone", () => talk("node", "relay", false));
});

it("what a path lost on its way comes over the next, in order and once", async () => {
  const room = world.freshRoom();
  const agent = await world.agent("node");
  await agent.join({ server: world.server.url, room, name: "a", relay: "fallback" });
  const peer = await python(room, "--relay", "fallback");
  await Promise.all([peer.linked("direct"), agent.connected(1)]);
  const flowing = agent.flow(peer.id);
  await peer.event("message", ({ body }) => body === 100);
  await agent.cut();
  await peer.event("path-changed", ({ path }) => path === null);
  const heard = peer.events("message").length;
  await peer.event("message", ({ body }) => Number(body) > heard + 100);
  await agent.stopFlow();
  const count = await flowing;
  await peer.event("message", ({ body }) => body === count - 1);
  expect(peer.events("message").map(({ body }) => body)).toEqual(Array.from({ length: count }, (_, i) => i));
  expect(peer.events("peer-disconnected")).toEqual([]);
});

it("an agent made with it as a library adds numbers for a Node agent", async () => {
  const room = world.freshRoom();
  const math = defineProtocol("acme.math", "1.0.0", { add: request((numbers: unknown) => numbers, Number) });
  const asker = await joinRoom({ server: world.server.url, room, protocols: [math] });
  const linked = new Promise<Peer>((resolve) => asker.on("peer-connected", resolve));
  const adder = new LineProgram("adder.py", [room, world.server.url], { command: "/usr/bin/python3", folder: example });
  try {
    const peer = await linked;
    expect(await asker.request(peer, math.add, [1, 2, 39])).toBe(42);
    await expect(asker.request(peer, math.add, ["one"])).rejects.toMatchObject({ code: "bad-body" });
  } finally {
    await adder.kill();
    await asker.leave();
  }
});

it("what it is told before it leaves goes out, and what it can't read is answered", async () => {
  const room = world.freshRoom();
  const agent = await world.agent("node");
  const id = await agent.join({ server: world.server.url, room, name: "a", relay: "only" });
  const peer = await python(room, "--relay", "only");
  await peer.linked("relay");
  peer.do({ op: "dance", id: 1 });
  expect(await peer.event("error", (event) => event.id === 1)).toMatchObject({ code: "bad-argument" });
  peer.do({ op: "send", id: 2, to: peer.id, type: "skein.test/say", body: null });
  expect(await peer.event("error", (event) => event.id === 2)).toMatchObject({ code: "no-such-peer" });
  const long = "0123456789".repeat(30_000);
  for (let i = 0; i < 5; i++) peer.do({ op: "send", to: id, type: "skein.test/say", body: { text: long } });
  await peer.leave();
  expect(await agent.heardCount(5)).toHaveLength(5);
});

it("those without the room's secret stay apart from it", async () => {
  const room = world.freshRoom();
  const secret = join(folder, "secret");
  await writeFile(secret, "correct horse battery staple\n");
  const [friend, stranger] = [await world.agent("node"), await world.agent("node")];
  const common = { server: world.server.url, room, relay: "only" } as const;
  const id = await friend.join({ ...common, name: "friend", secret: "correct horse battery staple" });
  await stranger.join({ ...common, name: "stranger" });
  const peer = await python(room, "--relay", "only", "--secret-file", secret);
  await peer.event("rejected", ({ code }) => code === "forged");
  await peer.linked("relay");
  expect(peer.events("peer-connected").map(({ peer }) => (peer as { id: string }).id)).toEqual([id]);
});

it("passes `skein conformance peer`", { timeout: 300_000 }, async () => {
  const room = world.freshRoom();
  await python(room, "--conformance");
  const args = [
    skein,
    "conformance",
    "peer",
    "--server",
    world.server.url,
    "--room",
    room,
    "--timeout",
    "15",
    "--json",
  ];
  const { stdout } = await run(process.execPath, args);
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events.filter(({ is }) => is === "failed" || is === "advised")).toEqual([]);
  const { passed } = events.at(-1);
  expect(events.at(-1)).toEqual({ event: "summary", passed, failed: 0, advised: 0, skipped: 0 });
});
