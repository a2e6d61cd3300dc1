import { defineProtocol, joinRoom, message, type Room } from "@skein/client";
import { platformRandom } from "@skein/protocol";
import { relayFallback } from "@skein/relay-fallback";
import { createMemoryBackplane, createServer, type SkeinServer } from "@skein/server";
import { afterEach, expect, it } from "vitest";

// Nodes of one server, and rooms of two who know all of them, each in an order of its own. They have nothing but the relay.

const chat = defineProtocol("test.chat", "1.0.0", { say: message(String) });
const names = Array.from({ length: 30 }, (_, number) => `room ${number}`);

type Pair = readonly [Room, Room];

const servers: SkeinServer[] = [];
const pairs: Pair[] = [];
/** By room and member, at which nodes it was let in, one after another. */
const visits = new Map<string, Map<string, number[]>>();
const troubles: string[] = [];

afterEach(async () => {
  await Promise.all(
    pairs
      .splice(0)
      .flat()
      .map((room) => room.leave()),
  );
  await Promise.all(servers.splice(0).map((server) => server.close()));
  visits.clear();
  troubles.length = 0;
});

function visitsOf(room: string): number[][] {
  return [...(visits.get(room)?.values() ?? [])];
}

/** Where its members are. */
function nodesOf(room: string): number[] {
  return visitsOf(room).map((nodes) => nodes.at(-1) ?? -1);
}

async function startNodes(count: number): Promise<void> {
  const memory = createMemoryBackplane();
  for (let node = 0; node < count; node++) {
    const authorise = ({ room, card }: { room: string; card: { id: string } }): void => {
      const members = visits.get(room) ?? new Map<string, number[]>();
      visits.set(room, members.set(card.id, [...(members.get(card.id) ?? []), node]));
    };
    servers.push(await createServer({ port: 0, backplane: { backplane: memory.connect() }, authorise }));
  }
}

function join(name: string, server: readonly string[]): Promise<Room> {
  return joinRoom({
    server,
    serverOrder: "by-room",
    room: name,
    protocols: [chat],
    paths: [relayFallback({ policy: "only" })],
    // Four bytes say how long a client waits before it tries again: not at all, since where it goes is what is looked at.
    random: (length) => (length === 4 ? new Uint8Array(4) : platformRandom(length)),
  });
}

/** Two whose lists have the same servers in different orders. */
async function meet(name: string, turn: number): Promise<void> {
  const urls = servers.map(({ url }) => url);
  const lists = [[...urls.slice(turn), ...urls.slice(0, turn)], urls.toReversed()];
  const [one, other] = await Promise.all(lists.map((list) => join(name, list)));
  if (one === undefined || other === undefined) throw new Error("two lists");
  pairs.push([one, other]);
  for (const room of [one, other]) {
    room.on("peer-disconnected", ({ reason }) => troubles.push(`${name}: disconnected: ${reason}`));
    room.on("peer-left", ({ reason }) => troubles.push(`${name}: left: ${reason}`));
  }
}

/** Each says something to the other, who hears it. */
async function talk(text: string): Promise<void> {
  const said = pairs.flatMap(([one, other]) => [tell(one, other, text), tell(other, one, text)]);
  expect(new Set(await Promise.all(said))).toEqual(new Set([text]));
}

async function tell(from: Room, to: Room, text: string): Promise<string> {
  let stop = () => {};
  const heard = new Promise<string>((resolve) => {
    stop = to.handle(chat.say, resolve);
  });
  await expect.poll(() => from.peers.size, { interval: 5 }).toBe(1);
  for (const peer of from.peers.values()) await from.send(peer, chat.say, text);
  return heard.finally(stop);
}

/** Where the rooms are, each of them whole, after this came to the end of that node: none but its own have moved, each once, and no link is lost. */
async function placesAfter(gone: number, end: (server: SkeinServer) => Promise<void>): Promise<number[]> {
  const [places, before] = [placesOfAll(), names.map(visitsOf)];
  await end(servers[gone] as SkeinServer);
  await expect.poll(() => names.flatMap(nodesOf).includes(gone), { interval: 5, timeout: 20_000 }).toBe(false);
  await talk(`after ${gone}`);
  for (const [index, name] of names.entries()) {
    const more = places[index] === gone ? 1 : 0;
    expect(visitsOf(name).map(({ length }) => length)).toEqual(before[index]?.map(({ length }) => length + more));
  }
  expect(troubles).toEqual([]);
  return placesOfAll();
}

function placesOfAll(): number[] {
  return names.map((name) => {
    const [one = -1, other = -1] = nodesOf(name);
    expect(other).toBe(one);
    return one;
  });
}

it("members of a room are at one node, whatever their lists, and go on to one other where that stops or sends them away", async () => {
  await startNodes(3);
  await Promise.all(names.map((name, number) => meet(name, number % 3)));
  await talk("before");
  const first = placesOfAll();
  expect(new Set(first).size).toBe(3);
  expect(servers.map((server) => server.stats().backplane?.forwardsOut)).toEqual([0, 0, 0]);

  const [one = -1] = first;
  const second = await placesAfter(one, (server) => server.close());
  const [other = -1] = second;
  await placesAfter(other, (server) => server.drain(100).then(() => server.close()));
});
