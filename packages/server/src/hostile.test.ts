import { request } from "node:http";
import { connect } from "node:net";
import {
  type ClientMessage,
  createIdentity,
  encode,
  encodeControl,
  encodeForwardPacket,
  peerKeyOf,
  proveJoin,
  type SignedCard,
} from "@skein/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createServer, type DropCode, type ServerOptions, type SkeinServer } from "./index.js";
import { enter, HealthyPair, ManualClock, type Member, Persona, RawClient } from "./testing-client.test-support.js";

/** Each test plays something bad in the room of two who must not notice. */
let server: SkeinServer;
let healthy: HealthyPair;

async function start(options: ServerOptions = {}): Promise<void> {
  server = await createServer({ port: 0, ...options });
  healthy = await HealthyPair.enter(server.url);
}

beforeEach(() => start());

afterEach(async () => {
  await healthy.talk();
  for (const { client } of [healthy.first, healthy.second]) {
    expect(client.heard.filter(({ t }) => t === "error" || t === "unreadable")).toEqual([]);
  }
  await server.close();
});

async function restart(options: ServerOptions): Promise<void> {
  await server.close();
  await start(options);
}

const drops = (code: DropCode): number => server.stats().drops[code] ?? 0;
const control = (body: unknown): Uint8Array => Uint8Array.from([1, ...encode(body)]);
const padding = new Uint8Array(64);

async function challenged(): Promise<{ client: RawClient; nonce: Uint8Array }> {
  const client = new RawClient(server.url);
  return { client, nonce: (await client.next("challenge")).nonce };
}

/** The answer to a message that costs its sender nothing but the message. */
async function expectComplaint(client: RawClient, packet: Uint8Array | string, code: DropCode): Promise<void> {
  const before = drops(code);
  client.send(packet);
  expect(await client.next("error")).toMatchObject({ code: "bad-message", fatal: false });
  expect(drops(code)).toBe(before + 1);
  await client.settle();
}

async function expectRefusal(join: ClientMessage, client: RawClient, code: string, drop: DropCode): Promise<void> {
  client.say(join);
  expect(await client.next("error")).toMatchObject({ code, fatal: true });
  expect(await client.closed).toBe(1008);
  expect(drops(drop)).toBe(1);
  expect(server.stats()).toMatchObject({ peers: 2, rooms: 1 });
}

describe("a message that can't be acted upon is answered, counted, and costs nobody anything else", () => {
  const bad: Record<string, [Uint8Array | string, DropCode]> = {
    "an empty message": [new Uint8Array(0), "malformed"],
    "a text message": ["hello", "malformed"],
    "a control message without a body": [Uint8Array.of(1), "malformed"],
    "a control message that is no MessagePack": [Uint8Array.of(1, 0xc1, 0xff), "malformed"],
    "a control message with more behind it": [Uint8Array.from([...control({ t: "ping" }), 0]), "malformed"],
    "a map without its type": [control({ a: 1 }), "malformed"],
    "a list instead of a map": [control(["ping"]), "malformed"],
    nothing: [control(null), "malformed"],
    "a join without its fields": [control({ t: "join" }), "malformed"],
    "a card that is no card": [control({ t: "announce", card: 7 }), "malformed"],
    "a forward without a target": [Uint8Array.of(2), "malformed"],
    "a forward without an envelope": [Uint8Array.from([3, ...padding.subarray(32)]), "malformed"],
    "a message of a later version": [control({ t: "teleport" }), "unknown-type"],
    "a type that is every object's": [control({ t: "constructor" }), "unknown-type"],
    "a packet of a later version": [Uint8Array.of(9, 1, 2), "unknown-type"],
    "a broadcast to the room": [Uint8Array.from([4, ...padding, 1]), "unknown-type"],
  };

  test.each(Object.entries(bad))("%s, before and after joining", async (_, [packet, code]) => {
    const { client } = await challenged();
    await expectComplaint(client, packet, code);
    const member = await enter(server.url);
    await expectComplaint(member.client, packet, code);
    await healthy.talk();
  });

  test("a join cut short at any byte", async () => {
    const persona = new Persona();
    const { client, nonce } = await challenged();
    const whole = encodeControl(await persona.join(nonce, "lab"));
    for (const length of [2, 3, 20, whole.length - 65, whole.length - 1]) {
      await expectComplaint(client, whole.subarray(0, length), "malformed");
    }
    client.send(whole);
    await client.next("joined");
  });

  test("what belongs to a member, from one who hasn't joined", async () => {
    const { client } = await challenged();
    const persona = new Persona();
    await expectComplaint(client, encodeControl({ t: "announce", card: await persona.card() }), "out-of-place");
    await expectComplaint(
      client,
      encodeForwardPacket("signal", healthy.first.persona.id, Uint8Array.of(1)),
      "out-of-place",
    );
  });

  test("a second join", async () => {
    const persona = new Persona();
    const { client, nonce } = await challenged();
    client.say(await persona.join(nonce, "lab"));
    await client.next("joined");
    await expectComplaint(client, encodeControl(await persona.join(nonce, "hall")), "out-of-place");
    expect(server.stats().rooms).toBe(1);
  });

  test("the tenth malformed one ends the connection", async () => {
    const member = await enter(server.url);
    for (let i = 0; i < 9; i++) await expectComplaint(member.client, Uint8Array.of(1, 0xc1), "malformed");
    member.client.send(Uint8Array.of(1, 0xc1));
    expect(await member.client.next("error")).toMatchObject({ code: "bad-message", fatal: true });
    expect(await member.client.closed).toBe(1008);
    await healthy.first.client.next("peer-away");
  });

  test("unknown types never do", async () => {
    const { client } = await challenged();
    for (let i = 0; i < 30; i++) await expectComplaint(client, control({ t: `later-${i}` }), "unknown-type");
  });
});

describe("a join is refused", () => {
  test("with a card that nobody signed", async () => {
    const persona = new Persona();
    const { client, nonce } = await challenged();
    const card = { b: (await persona.card()).b, s: padding };
    await expectRefusal(await persona.join(nonce, "lab", card), client, "not-authorised", "forged");
  });

  test("with a card that another signed", async () => {
    const persona = new Persona();
    const { client, nonce } = await challenged();
    const { b } = await persona.card();
    const card = { b, s: await createIdentity().sign("card", b) };
    await expectRefusal(await persona.join(nonce, "lab", card), client, "not-authorised", "forged");
  });

  test("with a card that was altered", async () => {
    const persona = new Persona();
    const { client, nonce } = await challenged();
    const card = await persona.card({ name: "Ada" });
    const b = Uint8Array.from(card.b, (byte) => (byte === "A".charCodeAt(0) ? "E".charCodeAt(0) : byte));
    await expectRefusal(await persona.join(nonce, "lab", { b, s: card.s }), client, "not-authorised", "forged");
  });

  test("with another's card and a proof of one's own", async () => {
    const { client, nonce } = await challenged();
    const card = await healthy.first.persona.card({ n: 9 });
    const proof = await proveJoin(createIdentity(), nonce, "lab", card);
    await expectRefusal({ t: "join", room: "lab", card, proof }, client, "not-authorised", "forged");
  });

  test("with a card's signature for a proof", async () => {
    const persona = new Persona();
    const { client } = await challenged();
    const card = await persona.card();
    await expectRefusal({ t: "join", room: "lab", card, proof: card.s }, client, "not-authorised", "forged");
  });

  test("with a proof that served before", async () => {
    const persona = new Persona();
    const first = await challenged();
    const join = await persona.join(first.nonce, "lab");
    first.client.say(join);
    await first.client.next("joined");
    first.client.say({ t: "leave" });
    await first.client.closed;
    await expectRefusal(join, (await challenged()).client, "not-authorised", "forged");
  });

  test("with a proof for another room", async () => {
    const persona = new Persona();
    const { client, nonce } = await challenged();
    const join = await persona.join(nonce, "hall");
    await expectRefusal({ ...join, room: "lab" }, client, "not-authorised", "forged");
  });

  test("with a card of a later version", async () => {
    const persona = new Persona();
    const { client, nonce } = await challenged();
    const b = Uint8Array.from(encode({ v: 2, id: peerKeyOf(persona.id) }));
    const card = { b, s: await persona.identity.sign("card", b) };
    await expectRefusal(await persona.join(nonce, "lab", card), client, "unsupported-version", "unsupported-version");
  });

  test("with a card that isn't one, though signed", async () => {
    const persona = new Persona();
    const { client, nonce } = await challenged();
    const b = Uint8Array.from(encode({ v: 1, id: peerKeyOf(persona.id), box: 1 }));
    const card = { b, s: await persona.identity.sign("card", b) };
    await expectRefusal(await persona.join(nonce, "lab", card), client, "bad-message", "malformed");
  });

  test("with a card larger than this server takes", async () => {
    await restart({ limits: { cardBytes: 1_000 } });
    const persona = new Persona();
    const { client, nonce } = await challenged();
    const card = await persona.card({ meta: "x".repeat(1_000) });
    await expectRefusal(await persona.join(nonce, "lab", card), client, "too-large", "over-limit");
  });

  test("where the room is full, with a time to come back", async () => {
    await restart({ limits: { peersPerRoom: 2 } });
    const persona = new Persona();
    const { client, nonce } = await challenged();
    client.say(await persona.join(nonce, "lab"));
    expect(await client.next("error")).toMatchObject({ code: "room-full", fatal: true, retryAfter: 5_000 });
    expect(await client.closed).toBe(1008);
  });

  test("that doesn't come", async () => {
    const clock = new ManualClock();
    await restart({ clock });
    const { client } = await challenged();
    clock.advance(10_000);
    expect(await client.next("error")).toMatchObject({ code: "timeout", fatal: true });
    expect(await client.closed).toBe(1008);
    expect(drops("silent")).toBe(1);
  });
});

describe("an announcement is passed over", () => {
  let member: Member;

  beforeEach(async () => {
    member = await enter(server.url);
  });

  afterEach(async () => {
    await healthy.first.client.settle();
    expect(healthy.first.client.heard.filter(({ t }) => t === "peer-updated")).toEqual([]);
  });

  const announce = (card: SignedCard, code: DropCode) =>
    expectComplaint(member.client, encodeControl({ t: "announce", card }), code);

  test("where nobody signed it", async () => {
    await announce({ b: (await member.persona.card({ n: 1 })).b, s: padding }, "forged");
  });

  test("where it is another's, genuine as it is", async () => {
    await announce(await healthy.second.persona.card({ n: 1 }), "out-of-place");
  });

  test("where it is of another join of the same peer", async () => {
    await announce(await member.persona.again().card({ n: 1 }), "out-of-place");
  });

  test("where it is a replay of the last one", async () => {
    await announce(await member.persona.card(), "stale");
  });
});

describe("whoever sends too much", () => {
  const slowly = { perSecond: 1, burst: 5 };

  test("is told when to go on, and loses only what was too much", async () => {
    const clock = new ManualClock();
    await restart({ clock, limits: { signals: slowly } });
    const member = await enter(server.url);
    const to = healthy.first.persona.id;
    for (let i = 0; i < 7; i++) member.forward(to, Uint8Array.of(i));
    const answer = await member.client.next("error");
    expect(answer).toMatchObject({ code: "rate-limited", fatal: false, retryAfter: 1_000 });
    await member.client.settle();
    clock.advance(1_000);
    member.forward(to, Uint8Array.of(99));
    const heard: unknown[] = [];
    while (heard.at(-1) !== 99) heard.push((await healthy.first.client.next("forward")).envelope[0]);
    expect(heard).toEqual([0, 1, 2, 3, 4, 99]);
    expect(drops("rate-limited")).toBe(2);
    clock.advance(5_000);
  });

  test.each<[string, (client: RawClient) => void]>([
    ["control messages", (client) => client.say({ t: "ping" })],
    ["signals", (client) => client.send(encodeForwardPacket("signal", healthy.first.persona.id, Uint8Array.of(1)))],
    ["pings of the WebSocket", (client) => client.socket.ping()],
    ["packets of no kind", (client) => client.send(Uint8Array.of(77))],
  ])("and doesn't stop is sent away: %s", async (_, send) => {
    await restart({ clock: new ManualClock(), limits: { signals: slowly, control: slowly } });
    const member = await enter(server.url);
    for (let i = 0; i < 200; i++) send(member.client);
    expect(await member.client.closed).toBe(1008);
    expect(member.client.heard.at(-1)).toMatchObject({ code: "rate-limited", fatal: true, retryAfter: 5_000 });
    expect(drops("rate-limited")).toBe(101);
    await healthy.first.client.next("peer-away");
  });

  test("and reads nothing of what is answered loses the connection", async () => {
    await restart({ limits: { control: { perSecond: 1e9, burst: 1e9 }, bufferedBytes: 128 * 1024 } });
    const member = await enter(server.url);
    member.client.socket.pause();
    const unknown = control({ t: "later" });
    // The kernel takes some megabytes of answers before any wait in the server.
    while (drops("slow-reader") === 0) {
      for (let i = 0; i < 1_000; i++) member.client.send(unknown);
      await healthy.talk();
    }
    await healthy.first.client.settle();
    expect(healthy.first.client.heard.map(({ t }) => t)).toContain("peer-away");
    expect(drops("slow-reader")).toBe(1);
    member.client.socket.terminate();
  });
});

describe("whoever relays too fast is read later, and loses nothing", () => {
  let clock: ManualClock;
  let sender: Member;
  let reader: Member;

  beforeEach(async () => {
    clock = new ManualClock();
    // Two packets of 4,000 bytes at once, then one each 4 s.
    await restart({ clock, limits: { relayBytes: { perSecond: 1_000, burst: 8_000 } } });
    sender = await enter(server.url);
    reader = await enter(server.url);
  });

  const relay = (number: number): void =>
    sender.forward(reader.persona.id, new Uint8Array(3_967).fill(number), "relay");

  const numberHeard = async (): Promise<unknown> => (await reader.client.next("forward")).envelope[0];

  /** Until the server waits with this many packets after another. */
  async function delayed(times: number): Promise<void> {
    while (server.stats().delays < times) await healthy.talk();
  }

  test("all of it arrives in order and at its rate, and what came behind it behind it", async () => {
    for (let i = 0; i < 10; i++) relay(i);
    sender.forward(reader.persona.id, Uint8Array.of(10));
    sender.client.say({ t: "ping" });
    expect([await numberHeard(), await numberHeard()]).toEqual([0, 1]);
    for (let i = 2; i < 10; i++) {
      await delayed(i - 1);
      clock.advance(3_999);
      await reader.client.settle();
      expect(server.stats().relayed).toBe(i);
      clock.advance(1);
      expect(await numberHeard()).toBe(i);
    }
    expect(await numberHeard()).toBe(10);
    await sender.client.next("pong");
    expect(server.stats()).toMatchObject({ relayed: 10, delays: 8, drops: {} });
  });

  test("and is not taken for lost meanwhile, however long it takes", async () => {
    await restart({ clock, limits: { relayBytes: { perSecond: 40, burst: 4_000 } } });
    sender = await enter(server.url);
    reader = await enter(server.url);
    for (let i = 0; i < 2; i++) relay(i);
    expect(await numberHeard()).toBe(0);
    await delayed(1);
    for (let beat = 0; beat < 6; beat++) {
      clock.advance(15_000);
      await Promise.all([healthy.talk(), reader.client.settle()]);
    }
    clock.advance(10_000);
    expect(await numberHeard()).toBe(1);
    await sender.client.settle();
    expect(server.stats()).toMatchObject({ connections: 4, drops: {} });
  });

  test("until it goes: what it had said by then has its turn, its goodbye last", async () => {
    sender.client.together(() => {
      for (let i = 0; i < 4; i++) relay(i);
      sender.client.say({ t: "leave" });
      sender.client.socket.close();
    });
    expect([await numberHeard(), await numberHeard(), await numberHeard(), await numberHeard()]).toEqual([0, 1, 2, 3]);
    expect(await reader.client.next("peer-left")).toMatchObject({ reason: "left" });
    expect(server.stats().delays).toBe(1);
  });

  test("however much it is: what isn't read yet waits at the sender", async () => {
    const count = 150;
    const burst = 2 * (64 * 1024 + 33);
    await restart({ clock, limits: { relayBytes: { perSecond: 1_000_000, burst } } });
    sender = await enter(server.url);
    reader = await enter(server.url);
    for (let i = 0; i < count; i++) sender.forward(reader.persona.id, new Uint8Array(64 * 1024).fill(i), "relay");
    for (let i = 0; i < count; i++) {
      if (i > 1) {
        await delayed(i - 1);
        clock.advance(66);
      }
      expect(await numberHeard()).toBe(i);
    }
    expect(server.stats()).toMatchObject({ relayed: count, drops: {} });
  });

  test("and a server that stops doesn't wait for it", async () => {
    for (let i = 0; i < 4; i++) relay(i);
    await delayed(1);
    await server.close();
    expect(clock.pending).toBe(0);
    await start();
  });
});

describe("what is no good WebSocket", () => {
  test("a message over the limit ends its connection before it is taken in", async () => {
    await restart({ limits: { packetBytes: 32 * 1024 } });
    const member = await enter(server.url);
    member.client.send(new Uint8Array(32 * 1024 + 1));
    expect(await member.client.closed).toBe(1009);
    expect(drops("over-limit")).toBe(1);
    await healthy.first.client.next("peer-away");
  });

  test("a message in ever more pieces ends its connection", async () => {
    const { client } = await challenged();
    for (let i = 0; i < 200; i++) client.socket.send(Uint8Array.of(1), { fin: false });
    expect(await client.closed).toBe(1008);
    expect(drops("malformed")).toBe(1);
  });

  test("frames that aren't frames end their connection", async () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      "GET /skein HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: skein.1\r\n\r\n",
    );
    socket.write(Uint8Array.from({ length: 64 }, () => 0xff));
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
    expect(drops("malformed")).toBe(1);
  });

  test.each<[string, { path?: string; origin?: string; protocols?: string[] }, number]>([
    ["no subprotocol", { protocols: [] }, 400],
    ["another subprotocol", { protocols: ["skein.2"] }, 400],
    ["another path", { path: "/other" }, 404],
    ["the origin of another page", { origin: "https://evil.example" }, 403],
  ])("%s is answered with a sentence", async (_, { path = "/skein", origin, protocols = ["skein.1"] }, status) => {
    await restart({ allowOrigins: ["https://example.org"] });
    const answer = await upgrade(server.port, path, {
      ...(origin === undefined ? {} : { Origin: origin }),
      ...(protocols.length === 0 ? {} : { "Sec-WebSocket-Protocol": protocols.join() }),
    });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(/^[A-Z].*\.\n$/);
    expect(drops("not-upgraded")).toBe(1);
  });

  test("the origin that is allowed, and one among several subprotocols, are let in", async () => {
    await restart({ allowOrigins: ["https://example.org"] });
    const client = new RawClient(server.url, { origin: "https://example.org" }, ["skein.9", "skein.1"]);
    await client.next("challenge");
    expect(client.socket.protocol).toBe("skein.1");
  });

  test("one connection too many is told to come back", async () => {
    await restart({ limits: { connections: 2 } });
    const answer = await upgrade(server.port, "/skein", { "Sec-WebSocket-Protocol": "skein.1" });
    expect(answer).toMatchObject({ status: 503, retryAfter: "5" });
  });
});

test("whatever bytes come, in whatever order, the others go on talking", async () => {
  const persona = new Persona();
  const target = healthy.first.persona.id;
  const valid = [
    encodeControl({ t: "announce", card: await persona.card({ n: 1 }) }),
    encodeControl(await persona.join(new Uint8Array(32), "lab")),
    encodeForwardPacket("signal", target, new Uint8Array(40)),
    encodeForwardPacket("relay", target, new Uint8Array(40)),
  ];
  const mutated = fc
    .record({ packet: fc.constantFrom(...valid), at: fc.nat(), byte: fc.nat(255), cut: fc.nat() })
    .map(({ packet, at, byte, cut }) => {
      const bytes = Uint8Array.from(packet);
      bytes[at % bytes.length] = byte;
      return cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes;
    });
  const anything = fc.uint8Array({ maxLength: 100 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(anything, mutated), { minLength: 1, maxLength: 15 }),
      fc.boolean(),
      async (packets, joins) => {
        const client = joins
          ? (await enter(server.url, { persona: persona.again() })).client
          : new RawClient(server.url);
        if (!joins) await client.next("challenge");
        for (const packet of packets) client.send(packet);
        client.socket.close();
        await client.closed;
        expect(client.heard.filter(({ t }) => t === "unreadable")).toEqual([]);
        await healthy.talk();
      },
    ),
    { numRuns: 60 },
  );
});

interface HttpAnswer {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

function upgrade(port: number, path: string, headers: Record<string, string>): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request({
      port,
      path,
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        ...headers,
      },
    });
    asked.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => {
        resolve({ status: response.statusCode, retryAfter: response.headers["retry-after"], body });
      });
    });
    asked.on("upgrade", () => reject(new Error("upgraded")));
    asked.on("error", reject);
    asked.end();
  });
}
