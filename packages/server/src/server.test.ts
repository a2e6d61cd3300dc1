import { once } from "node:events";
import { connect } from "node:net";
import { type Card, createIdentity, type ErrorCode, encodeForwardPacket, SkeinError } from "@skein/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { createServer, type ServerEvent, type ServerOptions, type SkeinServer } from "./index.js";
import {
  createGate,
  enter,
  HealthyPair,
  idOf,
  ManualClock,
  Persona,
  RawClient,
} from "./testing-client.test-support.js";

const running: SkeinServer[] = [];

async function start(options: ServerOptions = {}): Promise<SkeinServer> {
  const server = await createServer({ port: 0, ...options });
  running.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

const stillness = { control: { perSecond: Number.POSITIVE_INFINITY, burst: 1_000 } };

describe("joining", () => {
  test("a crowd that answers at once is heard by a few at a time; nobody is forgotten", async () => {
    const clock = new ManualClock();
    const server = await start({ clock });
    const crowd = Array.from({ length: 12 }, () => new RawClient(server.url));
    await Promise.all(crowd.map((client) => client.next("challenge")));
    const heard: RawClient[] = [];
    const pongs = crowd.map(async (client) => {
      client.say({ t: "ping" });
      await client.next("pong");
      heard.push(client);
    });
    await expect.poll(() => heard.length).toBe(8);
    // Whoever has been heard waits no more, while the others still do.
    const again = heard[0] as RawClient;
    again.say({ t: "ping" });
    await again.next("pong");
    expect(heard).toHaveLength(8);
    clock.advance(2);
    await Promise.all(pongs);
  });

  test("challenge, join, joined: with the ICE servers and whoever is there", async () => {
    const ice = [
      { urls: ["stun:stun.example.org"] },
      { urls: ["turn:turn.example.org"], username: "u", credential: "c" },
    ];
    const server = await start({ iceServers: ice, graceMs: 1_234 });
    const first = await enter(server.url);
    const client = new RawClient(server.url);
    const challenge = await client.next("challenge");
    expect(challenge).toMatchObject({ versions: [1], limits: { packetBytes: 131_072, graceMs: 1_234 } });
    const persona = new Persona();
    client.say(await persona.join(challenge.nonce, "lab", await persona.card({ name: "Ada", caps: ["files"] })));
    const joined = await client.next("joined");
    expect(joined).toMatchObject({ room: "lab", ice });
    expect(joined.peers.map(idOf)).toEqual([first.persona.id]);
    expect(idOf((await first.client.next("peer-joined")).card)).toBe(persona.id);
    expect(server.stats()).toMatchObject({ connections: 2, rooms: 1, peers: 2 });
  });

  test("rooms don't see each other", async () => {
    const server = await start();
    const first = await enter(server.url, { room: "lab" });
    const second = await enter(server.url, { room: "hall" });
    first.forward(second.persona.id, Uint8Array.of(1));
    expect(await first.client.next("undeliverable")).toMatchObject({ reason: "gone" });
    await second.client.settle();
    expect(second.client.heard.map(({ t }) => t)).toEqual(["challenge", "joined", "pong"]);
    expect(second.roster).toEqual([]);
  });

  test("a large room is listed in several packets", async () => {
    const server = await start({ limits: { packetBytes: 32 * 1024 } });
    const meta = "x".repeat(4_000);
    for (let i = 0; i < 12; i++) {
      const persona = new Persona();
      await enter(server.url, { persona, card: await persona.card({ meta }) });
    }
    const last = await enter(server.url);
    expect(last.client.heard.map(({ t }) => t)).toEqual(["challenge", "peers", "joined"]);
    expect(new Set(last.roster).size).toBe(12);
  });

  test("each connection has a nonce of its own", async () => {
    const server = await start();
    const nonces = await Promise.all(
      [1, 2, 3].map(async () => (await new RawClient(server.url).next("challenge")).nonce.join()),
    );
    expect(new Set(nonces).size).toBe(3);
  });
});

describe("authorise", () => {
  test("is asked about the room, the proved card and the token", async () => {
    const asked: { room: string; card: Card; token: string | undefined }[] = [];
    const server = await start({ authorise: (join) => void asked.push(join) });
    const { persona } = await enter(server.url, { token: "let me in" });
    expect(asked).toMatchObject([{ room: "lab", card: { id: persona.id }, token: "let me in" }]);
  });

  test("refuses in its own words", async () => {
    const server = await start({
      authorise: async () => {
        throw new SkeinError("not-authorised", "Members only: ask for a token.");
      },
    });
    const client = await refused(server);
    expect(await client.next("error")).toMatchObject({
      code: "not-authorised",
      message: "Members only: ask for a token.",
      fatal: true,
    });
    expect(await client.closed).toBe(1008);
    expect(server.stats()).toMatchObject({ peers: 0, rooms: 0, drops: { refused: 1 } });
  });

  test("keeps what it throws by mistake to itself", async () => {
    const events: ServerEvent[] = [];
    const server = await start({
      log: (event) => events.push(event),
      authorise: () => {
        throw new TypeError("the token was hunter2");
      },
    });
    const client = await refused(server);
    expect((await client.next("error")).code).toBe("not-authorised");
    expect(JSON.stringify([client.heard, events])).not.toContain("hunter2");
    expect(events).toContainEqual({ type: "failed", what: "authorise", error: "TypeError" });
  });

  test("what comes while it thinks waits, in order", async () => {
    const gate = createGate();
    const asked = createGate();
    const server = await start({
      authorise: ({ room }) => {
        if (room !== "slow") return;
        asked.open();
        return gate.opened;
      },
    });
    const healthy = await HealthyPair.enter(server.url);
    const client = new RawClient(server.url);
    const persona = new Persona();
    const join = await persona.join((await client.next("challenge")).nonce, "slow");
    client.together(() => {
      client.say(join);
      client.send(encodeForwardPacket("signal", persona.id, Uint8Array.of(5)));
    });
    await asked.opened;
    client.say({ t: "ping" });
    await healthy.talk();
    gate.open();
    await client.next("pong");
    expect(client.heard.map(({ t }) => t)).toEqual(["challenge", "joined", "forward", "pong"]);
  });

  test("may not take for ever", async () => {
    const clock = new ManualClock();
    const asked = createGate();
    const server = await start({
      clock,
      authorise: () => {
        asked.open();
        return new Promise<void>(() => {});
      },
    });
    const client = await refused(server);
    await asked.opened;
    clock.advance(10_000);
    expect(await client.next("error")).toMatchObject({ code: "timeout", fatal: true });
    expect(await client.closed).toBe(1008);
  });

  async function refused(server: SkeinServer): Promise<RawClient> {
    const client = new RawClient(server.url);
    client.say(await new Persona().join((await client.next("challenge")).nonce, "lab"));
    return client;
  }
});

describe("forwards", () => {
  test("arrive as they were sent, with the source in the target's place, in both classes", async () => {
    const server = await start();
    const first = await enter(server.url);
    const second = await enter(server.url);
    const envelope = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
    first.forward(second.persona.id, envelope, "relay");
    second.forward(first.persona.id, Uint8Array.of(1), "signal");
    expect(await second.client.next("forward")).toMatchObject({ class: "relay", from: first.persona.id });
    expect(second.client.heard.at(-1)).toMatchObject({
      envelope: expect.toSatisfy((bytes) => Buffer.from(bytes).equals(envelope)),
    });
    expect(await first.client.next("forward")).toMatchObject({ class: "signal", from: second.persona.id });
    expect(server.stats()).toMatchObject({
      forwards: 2,
      relayed: 1,
      bytes: 70_000 + 1 + 66,
      relayedBytes: 70_033,
      drops: {},
    });
  });

  test("that come in pieces and together are told apart", async () => {
    const server = await start();
    const first = await enter(server.url);
    const second = await enter(server.url);
    const count = 200;
    for (let i = 0; i < count; i++) first.forward(second.persona.id, new Uint8Array(300).fill(i));
    const heard: number[] = [];
    while (heard.length < count) heard.push((await second.client.next("forward")).envelope[299] as number);
    expect(heard).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test("to nobody are answered", async () => {
    const server = await start();
    const first = await enter(server.url);
    const nobody = createIdentity();
    first.forward(nobody.id, Uint8Array.of(1));
    const answer = await first.client.next("undeliverable");
    expect(answer).toMatchObject({ reason: "gone", class: "signal" });
    expect(Buffer.from(answer.to).equals(nobody.publicKey)).toBe(true);
    expect(server.stats().drops).toEqual({ gone: 1 });
  });
});

describe("presence", () => {
  test("leave is told at once", async () => {
    const server = await start();
    const first = await enter(server.url);
    const second = await enter(server.url);
    second.client.say({ t: "leave" });
    expect(await second.client.closed).toBe(1000);
    expect(await first.client.next("peer-left")).toMatchObject({
      reason: "left",
      id: second.persona.identity.publicKey,
    });
    expect(server.stats().peers).toBe(1);
  });

  test("a socket closed as browsers close that of a page they leave: the same as leave", async () => {
    const server = await start();
    const first = await enter(server.url);
    const second = await enter(server.url);
    second.client.socket.close(1001);
    expect(await first.client.next("peer-left")).toMatchObject({
      reason: "left",
      id: second.persona.identity.publicKey,
    });
    expect(first.client.heard.some(({ t }) => t === "peer-away")).toBe(false);
    expect(server.stats().peers).toBe(1);
  });

  test("a socket closed with any other code and without a leave: away", async () => {
    const server = await start();
    const first = await enter(server.url);
    const second = await enter(server.url);
    second.client.socket.close(1000);
    await first.client.next("peer-away");
    expect(server.stats().peers).toBe(2);
  });

  test("a lost socket: away at once, left when the grace is over", async () => {
    const clock = new ManualClock();
    const server = await start({ clock });
    const first = await enter(server.url);
    const second = await enter(server.url);
    second.client.socket.terminate();
    await first.client.next("peer-away");
    first.forward(second.persona.id, Uint8Array.of(1));
    expect(await first.client.next("undeliverable")).toMatchObject({ reason: "gone" });
    clock.advance(9_999);
    await first.client.settle();
    expect(first.client.heard.some(({ t }) => t === "peer-left")).toBe(false);
    clock.advance(1);
    expect(await first.client.next("peer-left")).toMatchObject({ reason: "lost" });
    expect(server.stats()).toMatchObject({ peers: 1, connections: 1 });
  });

  test("whoever comes back in time with the same box key has never left", async () => {
    const clock = new ManualClock();
    const server = await start({ clock });
    const first = await enter(server.url);
    const second = await enter(server.url);
    second.client.socket.terminate();
    await first.client.next("peer-away");
    const { persona } = second;
    const back = await enter(server.url, { persona, card: await persona.card({ n: 4 }) });
    expect(back.roster).toEqual([first.persona.id]);
    expect(idOf((await first.client.next("peer-updated")).card)).toBe(persona.id);
    // Longer than the grace, shorter than the heartbeat.
    clock.advance(14_000);
    first.forward(persona.id, Uint8Array.of(9));
    expect((await back.client.next("forward")).envelope).toEqual(Buffer.of(9));
    await first.client.settle();
    expect(first.client.heard.map(({ t }) => t)).toEqual([
      "challenge",
      "joined",
      "peer-joined",
      "peer-away",
      "peer-updated",
      "pong",
    ]);
  });

  test("the same identity with another box key replaces the earlier one", async () => {
    const server = await start();
    const first = await enter(server.url);
    const earlier = await enter(server.url);
    await enter(server.url, { persona: earlier.persona.again() });
    expect(await earlier.client.next("error")).toMatchObject({ code: "replaced", fatal: true });
    expect(await earlier.client.closed).toBe(1008);
    await first.client.settle();
    expect(first.client.heard.map((heard) => (heard.t === "peer-left" ? `left: ${heard.reason}` : heard.t))).toEqual([
      "challenge",
      "joined",
      "peer-joined",
      "left: replaced",
      "peer-joined",
      "pong",
    ]);
    expect(server.stats().peers).toBe(2);
  });

  test("a newer card is shown to the others, an older one isn't", async () => {
    const server = await start();
    const first = await enter(server.url);
    const second = await enter(server.url);
    second.client.say({ t: "announce", card: await second.persona.card({ n: 2, name: "Bob" }) });
    await first.client.next("peer-updated");
    second.client.say({ t: "announce", card: await second.persona.card({ n: 2, name: "Eve" }) });
    expect(await second.client.next("error")).toMatchObject({ code: "bad-message", fatal: false });
    await first.client.settle();
    expect(first.client.heard.filter(({ t }) => t === "peer-updated")).toHaveLength(1);
    expect(server.stats().drops).toEqual({ stale: 1 });
  });

  test("whoever doesn't answer the heartbeat is lost, whoever does isn't", async () => {
    const clock = new ManualClock();
    const server = await start({ clock, limits: stillness });
    const first = await enter(server.url);
    const mute = new RawClient(server.url, { autoPong: false });
    mute.say(await new Persona().join((await mute.next("challenge")).nonce, "lab"));
    await mute.next("joined");
    const beat = async () => {
      const pinged = once(first.client.socket, "ping");
      clock.advance(15_000);
      await pinged;
      await first.client.settle();
    };
    for (let beats = 0; beats < 3; beats++) await beat();
    expect(await mute.closed).toBe(1006);
    await first.client.settle();
    expect(first.client.heard.map(({ t }) => t)).toContain("peer-away");
    expect(server.stats()).toMatchObject({ connections: 1, drops: { silent: 1 } });
    // Its network may be cut for a minute: its place is kept for as long, since it was last heard, and for its return.
    for (let beats = 0; beats < 3; beats++) await beat();
    expect(first.client.heard.map(({ t }) => t)).not.toContain("peer-left");
    await beat();
    expect(first.client.heard.filter(({ t }) => t === "peer-left")).toMatchObject([{ reason: "lost" }]);
  });
});

describe("HTTP", () => {
  const httpOf = (server: SkeinServer) => server.url.replace("ws:", "http:").replace(/\/skein$/, "");

  test("/healthz tells of rooms and peers", async () => {
    const server = await start();
    await enter(server.url);
    const response = await fetch(`${httpOf(server)}/healthz`);
    expect([response.status, await response.json()]).toEqual([200, { ok: true, rooms: 1, peers: 1 }]);
  });

  test("the WebSocket's address asks for a WebSocket", async () => {
    const server = await start();
    const response = await fetch(`${httpOf(server)}/skein?x=1`);
    expect(response.status).toBe(426);
    expect(response.headers.get("upgrade")).toBe("websocket");
    expect(await response.text()).toMatch(/WebSocket/);
  });

  test("anything else is the app's, or nobody's", async () => {
    const bare = await start();
    expect((await fetch(`${httpOf(bare)}/x`)).status).toBe(404);
    const server = await start({ handleRequest: (request, response) => void response.end(`page ${request.url}`) });
    expect(await (await fetch(`${httpOf(server)}/x?y=1`)).text()).toBe("page /x?y=1");
    expect((await fetch(`${httpOf(server)}/healthz`)).headers.get("content-type")).toBe("application/json");
  });

  test("a handler that fails costs one answer", async () => {
    const server = await start({
      handleRequest: async () => {
        throw new Error("no");
      },
    });
    expect((await fetch(`${httpOf(server)}/x`)).status).toBe(500);
    expect((await fetch(`${httpOf(server)}/healthz`)).status).toBe(200);
  });
});

describe("starting", () => {
  test.each<[string, ServerOptions, RegExp]>([
    ["a port that is none", { port: 70_000 }, /70000 is no port/],
    ["a path that is none", { path: "skein" }, /no path/],
    ["a time that is none", { graceMs: Number.NaN }, /graceMs/],
    ["a limit over the wire's", { limits: { packetBytes: 1_000_000 } }, /packetBytes/],
    ["an empty rate", { limits: { control: { perSecond: 0, burst: 1 } } }, /control\.perSecond/],
    ["too many ICE servers", { iceServers: Array.from({ length: 17 }, () => ({ urls: ["stun:x"] })) }, /iceServers/],
    ["a host of somewhere else", { host: "192.0.2.1" }, /no address of this machine/],
    ["a certificate that is none", { tls: { key: "no", cert: "no" } }, /tls/],
  ])("%s is refused in one sentence", async (_, options, sentence) => {
    const error = await createServer({ port: 0, ...options }).catch((cause: unknown) => cause);
    expect(SkeinError.is(error, "bad-argument" satisfies ErrorCode)).toBe(true);
    expect((error as SkeinError).message).toMatch(sentence);
  });

  test("a port in use is refused in one sentence", async () => {
    const first = await start();
    const error = await createServer({ port: first.port }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "bad-argument", message: expect.stringMatching(/in use/) });
  });

  test("the address can be connected to, whatever the host", async () => {
    const server = await start({ host: "0.0.0.0", path: "/a/b" });
    expect(server.url).toBe(`ws://127.0.0.1:${server.port}/a/b`);
    await enter(server.url);
  });
});

describe("closing", () => {
  test("says goodbye, refuses newcomers, and leaves nothing behind", async () => {
    const clock = new ManualClock();
    const server = await start({ clock });
    const first = await enter(server.url);
    const newcomer = new RawClient(server.url);
    await newcomer.next("challenge");
    await Promise.all([server.close(), server.close()]);
    expect(await Promise.all([first.client.closed, newcomer.closed])).toEqual([1001, 1001]);
    expect(clock.pending).toBe(0);
    expect(server.stats().connections).toBe(0);
    expect(await new RawClient(server.url).closed).toBe(1006);
  });

  test("doesn't wait for those who don't answer", async () => {
    const clock = new ManualClock();
    const server = await start({ clock });
    const { client } = await enter(server.url);
    client.socket.pause();
    const idle = connect(server.port, "127.0.0.1");
    await once(idle, "connect");
    const closing = server.close();
    clock.advance(1_000);
    await closing;
    expect(clock.pending).toBe(0);
    client.socket.terminate();
    idle.destroy();
  });

  test("an authorise that answers afterwards changes nothing", async () => {
    const gate = createGate();
    const asked = createGate();
    const server = await start({
      authorise: () => {
        asked.open();
        return gate.opened;
      },
    });
    const client = new RawClient(server.url);
    client.say(await new Persona().join((await client.next("challenge")).nonce, "lab"));
    await asked.opened;
    await server.close();
    gate.open();
    await gate.opened;
    expect(server.stats()).toMatchObject({ connections: 0, peers: 0 });
  });

  test("await using closes it", async () => {
    let url: string;
    {
      await using server = await createServer({ port: 0 });
      url = server.url;
    }
    expect(await new RawClient(url).closed).toBe(1006);
  });
});

test("the log tells what happened, and neither addresses, rooms, tokens nor contents", async () => {
  const events: ServerEvent[] = [];
  const server = await start({ log: (event) => events.push(event) });
  const member = await enter(server.url, { room: "secret room", token: "hunter2" });
  member.forward(createIdentity().id, new TextEncoder().encode("contents"));
  await member.client.next("undeliverable");
  member.client.say({ t: "leave" });
  await member.client.closed;
  await server.close();
  expect(events).toEqual([
    { type: "listening", port: server.port },
    { type: "connected", connection: 1 },
    { type: "joined", connection: 1, peer: member.persona.id },
    { type: "dropped", connection: 1, code: "gone" },
    { type: "disconnected", connection: 1, code: 1000 },
    { type: "closed" },
  ]);
});

test("a log that throws costs nobody anything", async () => {
  const server = await start({
    log: () => {
      throw new Error("disk full");
    },
  });
  await (await HealthyPair.enter(server.url)).talk();
});
