import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { AnyAgent } from "./support/browsers.ts";
import { type EngineName, World } from "./support/engines.ts";

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterEach(() => world.endAgents());
afterAll(() => world[Symbol.asyncDispose]());

const pairs: readonly (readonly [EngineName, EngineName])[] = [
  ["node", "node"],
  ["node", "chromium"],
  ["chromium", "firefox"],
];

async function linked(engines: readonly [EngineName, EngineName], relay: object) {
  const [a, b] = (await Promise.all(engines.map((engine) => world.agent(engine)))) as [AnyAgent, AnyAgent];
  const room = world.freshRoom();
  await a.join({ server: world.server.url, room, name: "a", ...relay });
  const idB = await b.join({ server: world.server.url, room, name: "b", ...relay });
  await Promise.all([a.connected(1), b.connected(1)]);
  await a.echo(idB, new Uint8Array(100_000));
  return Promise.all([a.linkedStats(), b.linkedStats()]);
}

// Of a check that comes before its candidate does, an engine says prflx (RFC 8445 §7.3.1.3).
const ofThisMachine = expect.stringMatching(/^(host|prflx)$/);

it.each(pairs)("%s and %s: statistics tell the kinds of candidates, and what went through", async (...engines) => {
  for (const stats of await linked(engines, {})) {
    const [peer] = stats.perPeer;
    expect(peer).toMatchObject({ state: "connected", path: "direct" });
    expect(peer?.candidates).toEqual({ local: ofThisMachine, remote: ofThisMachine });
    expect(peer?.rttMs).toBeGreaterThan(0);
    expect(Math.min(stats.bytesSent, stats.bytesReceived)).toBeGreaterThan(100_000);
    expect(Math.min(stats.rates.bytesSent, stats.rates.bytesReceived)).toBeGreaterThan(0);
    expect(stats).toMatchObject({ relayBytesSent: 0, relayBytesReceived: 0, ...peer?.traffic });
    expect(stats.events.map(({ event }) => event)).toContain("peer-connected");
  }
});

it.each(pairs)("%s and %s: statistics tell what was relayed", async (...engines) => {
  for (const stats of await linked(engines, { relay: "only" })) {
    const [peer] = stats.perPeer;
    expect(peer).toMatchObject({ state: "connected", path: "relay" });
    expect(peer?.candidates).toBeUndefined();
    expect(Math.min(stats.relayBytesSent, stats.relayBytesReceived)).toBeGreaterThan(100_000);
    expect([stats.bytesSent, stats.bytesReceived]).toEqual([stats.relayBytesSent, stats.relayBytesReceived]);
  }
});
