import { createHmac } from "node:crypto";
import type { IceServer } from "@skein/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { createServer, type ServerEvent, type ServerOptions, type SkeinServer, turnUrls } from "../index.js";
import { enter, ManualClock, Persona, RawClient } from "../testing-client.test-support.js";
import type { TurnOptions } from "./options.js";

const running: SkeinServer[] = [];
const secret = "north-wind-and-the-sun";
const stun = { urls: ["stun:stun.example.org"] };
const turn: TurnOptions = { servers: [{ urls: turnUrls("turn.example.org"), secret }] };

async function start(options: ServerOptions = {}) {
  const clock = new ManualClock();
  // Hours pass at once: nobody is to be taken for silent.
  const server = await createServer({ port: 0, iceServers: [stun], turn, clock, heartbeatMs: 100_000_000, ...options });
  running.push(server);
  return { server, clock };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

function iceOf({ heard }: RawClient): IceServer[][] {
  return heard.flatMap((message) => (message.t === "joined" || message.t === "ice" ? [message.ice] : []));
}

/** Seconds since 1970. @throws where it isn't what a TURN server with this secret takes. */
function expiryOf({ username = "", credential }: IceServer): number {
  expect(credential).toBe(createHmac("sha1", secret).update(username).digest("base64"));
  return Number(username.split(":")[0]);
}

describe("a client that joins", () => {
  test("is told of STUN for all, and of TURN with a credential of its own, for an hour", async () => {
    const { server, clock } = await start();
    const { client } = await enter(server.url);
    const [[first, own] = []] = iceOf(client);
    expect(first).toEqual(stun);
    expect(own?.urls).toEqual([
      "turn:turn.example.org:3478?transport=udp",
      "turn:turn.example.org:443?transport=tcp",
      "turns:turn.example.org:443?transport=tcp",
    ]);
    expect(expiryOf(own as IceServer)).toBe(Math.floor(clock.wallMs() / 1_000) + 3_600);
  });

  test("has a name for TURN that is its own and stays, and isn't its peer id", async () => {
    const { server } = await start();
    const persona = new Persona();
    const names = [];
    for (const one of [persona, persona, new Persona()]) {
      const { client } = await enter(server.url, { persona: one });
      names.push(iceOf(client)[0]?.[1]?.username?.split(":")[1]);
      expect(names.at(-1)).not.toContain(one.id.slice(0, 8));
    }
    expect(names[0]).toBe(names[1]);
    expect(names[0]).not.toBe(names[2]);
  });

  test("is told of the servers of its region first, and of no more than it is to use", async () => {
    const servers = ["eu", "us", "us", "asia"].map((region, i) => ({ urls: [`turn:${region}${i}`], secret, region }));
    const { server } = await start({ turn: { servers, perClient: 3, region: "us" } });
    const { client } = await enter(server.url);
    const hosts =
      iceOf(client)[0]
        ?.slice(1)
        .map(({ urls }) => urls[0]) ?? [];
    expect(hosts).toHaveLength(3);
    expect(hosts.slice(0, 2).sort()).toEqual(["turn:us1", "turn:us2"]);
  });

  test("is told of the servers of the region that its grant says", async () => {
    const servers = ["eu", "us"].map((region) => ({ urls: [`turn:${region}`], secret, region }));
    const { server } = await start({ turn: { servers, perClient: 1 }, authorise: () => ({ region: "eu" }) });
    const { client } = await enter(server.url);
    expect(iceOf(client)[0]?.map(({ urls }) => urls[0])).toEqual(["stun:stun.example.org", "turn:eu"]);
  });

  test("that may not relay is told of no TURN server, until it may", async () => {
    const { server } = await start({ authorise: ({ token }) => ({ mayRelay: token === "paid" }) });
    const { client } = await enter(server.url, { token: "free" });
    expect(iceOf(client)).toEqual([[stun]]);
    client.say({ t: "token", token: "paid" });
    expect((await client.next("ice")).ice).toHaveLength(2);
    client.say({ t: "token", token: "free" });
    expect((await client.next("ice")).ice).toEqual([stun]);
  });
});

describe("a client that stays", () => {
  test("gets new credentials while a quarter of the time of the old ones is left, again and again", async () => {
    const { server, clock } = await start();
    const { client } = await enter(server.url);
    const joinedSeconds = Math.floor(clock.wallMs() / 1_000);
    for (const round of [1, 2, 3]) {
      clock.advance(2_700_000 - 1);
      await client.settle();
      expect(iceOf(client)).toHaveLength(round);
      clock.advance(1);
      const { ice } = await client.next("ice");
      expect(ice[0]).toEqual(stun);
      expect(expiryOf(ice[1] as IceServer)).toBe(joinedSeconds + round * 2_700 + 3_600);
    }
  });

  test("has none when it has gone, and costs nothing then", async () => {
    const { server, clock } = await start({ graceMs: 0 });
    const { client } = await enter(server.url);
    client.say({ t: "leave" });
    await client.closed;
    await expect.poll(() => server.stats().connections).toBe(0);
    clock.advance(10_000_000);
    expect(iceOf(client)).toHaveLength(1);
  });

  test("isn't told of anything in mid-session where there is no TURN server", async () => {
    const { server, clock } = await start({ turn: undefined });
    const { client } = await enter(server.url);
    clock.advance(36_000_000);
    await client.settle();
    expect(iceOf(client)).toEqual([[stun]]);
  });
});

test("nothing that is logged, counted or told to operators holds a secret or a credential", async () => {
  const events: ServerEvent[] = [];
  const { server, clock } = await start({ log: (event) => events.push(event) });
  const { client } = await enter(server.url);
  clock.advance(2_700_000);
  await client.next("ice");
  const told = JSON.stringify([events, server.stats(), server.rooms.rooms(), server.rooms.peers("lab")]);
  const held = iceOf(client).flatMap((list) => list.flatMap(({ username, credential }) => [username, credential]));
  const secrets = [secret, ...held.filter((text) => text !== undefined)];
  expect(secrets).toHaveLength(5);
  for (const text of secrets) expect(told).not.toContain(text);
});

test("a client that hasn't joined is told of no server", async () => {
  const { server, clock } = await start({ joinTimeoutMs: 100_000_000 });
  const client = new RawClient(server.url);
  await client.next("challenge");
  clock.advance(3_600_000);
  expect(iceOf(client)).toEqual([]);
});

test.each<[string, TurnOptions, RegExp]>([
  ["an address that is none", { servers: [{ urls: ["http://x"], secret }] }, /"http:\/\/x" is no TURN server/],
  ["a STUN server", { servers: [{ urls: ["stun:x"], secret }] }, /"stun:x" is no TURN server/],
  ["no address", { servers: [{ urls: [], secret }] }, /is no TURN server/],
  ["a short secret", { servers: [{ urls: ["turn:x"], secret: "hush" }] }, /^The secret of turn:x(?!.*hush)/],
  ["a weight of nothing", { servers: [{ urls: ["turn:x"], secret, weight: 0 }] }, /weight/],
  ["a lifetime in seconds", { servers: [], lifetimeMs: 3_600 }, /lifetimeMs/],
  ["no servers for a client", { servers: [], perClient: 0 }, /perClient/],
  [
    "more than a join's answer has room for",
    { servers: Array.from({ length: 16 }, (_, i) => ({ urls: [`turn:x${i}`], secret })), perClient: 16 },
    /iceServers can't be used/,
  ],
])("options with %s are refused", async (_, options, sentence) => {
  await expect(createServer({ port: 0, iceServers: [stun], turn: options })).rejects.toMatchObject({
    code: "bad-argument",
    message: expect.stringMatching(sentence),
  });
});
