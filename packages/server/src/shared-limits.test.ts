import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createServer, type PartialLimits, type ServerOptions, type SkeinServer } from "./index.js";
import { enter, HealthyPair, ManualClock, type Member, Persona, RawClient } from "./testing-client.test-support.js";

/** Each test has someone use up what is shared with others; two who share nothing with them must not notice. */
let server: SkeinServer;
let healthy: HealthyPair;
let clock: ManualClock;

async function start(limits: PartialLimits, more: ServerOptions = {}): Promise<void> {
  clock = new ManualClock();
  server = await createServer({ port: 0, clock, trustedHops: 1, limits, ...more });
  healthy = await HealthyPair.enter(server.url, "hall");
}

afterEach(async () => {
  await healthy.talk();
  await server.close();
});

const at = (address: string) => ({ headers: { "X-Forwarded-For": address } });
const slowly = { perSecond: 1, burst: 5 };

describe("an address", () => {
  const status = (client: RawClient) =>
    new Promise<number | undefined>((resolve) =>
      client.socket.once("unexpected-response", (_, response) => {
        response.resume();
        resolve(response.statusCode);
      }),
    );

  /** Whoever came too often waits for its answer. */
  const lateStatus = async (client: RawClient) => {
    const { "not-upgraded": before = 0 } = server.stats().drops;
    const answered = status(client);
    while ((server.stats().drops["not-upgraded"] ?? 0) === before) await healthy.talk();
    clock.advance(3_000);
    return answered;
  };

  test("has so many connections, and another address has its own", async () => {
    await start({ perAddress: { holders: 2 } });
    const clients = [new RawClient(server.url, at("192.0.2.1")), new RawClient(server.url, at("192.0.2.1"))];
    for (const client of clients) await client.next("challenge");
    expect(await lateStatus(new RawClient(server.url, at("192.0.2.1")))).toBe(429);
    await new RawClient(server.url, at("192.0.2.2")).next("challenge");
    clients[0]?.socket.close();
    await clients[0]?.closed;
    await healthy.talk();
    await new RawClient(server.url, at("192.0.2.1")).next("challenge");
    expect(server.stats().drops).toEqual({ "not-upgraded": 1 });
  });

  test("connects so often, whether it goes again or not", async () => {
    await start({ perAddress: { arrivals: { perSecond: 1, burst: 3 } } });
    for (let i = 0; i < 3; i++) {
      const client = new RawClient(server.url, at("192.0.2.1"));
      await client.next("challenge");
      client.socket.close();
      await client.closed;
    }
    expect(await lateStatus(new RawClient(server.url, at("192.0.2.1")))).toBe(429);
    await new RawClient(server.url, at("192.0.2.1")).next("challenge");
  });

  test("from which a crowd comes is heard at a hundred a second, once eight were heard at once", async () => {
    await start({});
    const hall = server.stats().peers;
    clock.advance(1_000);
    const crowd = Array.from({ length: 12 }, () => enter(server.url, { options: at("192.0.2.1") }));
    const heard = async (count: number) => {
      while (server.stats().peers < hall + count) await healthy.talk();
      // Time for more, which the clock doesn't give.
      for (let i = 0; i < 20; i++) await healthy.talk();
      expect(server.stats().peers - hall).toBe(count);
    };
    await heard(8);
    // Everyone's own pace has let all of them in by now.
    clock.advance(5);
    await heard(8);
    clock.advance(5);
    await heard(9);
    clock.advance(30);
    await Promise.all(crowd);
  });

  test("from which a crowd comes has none of it run out of time for that", async () => {
    await start({}, { joinTimeoutMs: 20 });
    const crowd = Array.from({ length: 30 }, () => enter(server.url, { options: at("192.0.2.1") }));
    while (server.stats().connections < 32) await healthy.talk();
    for (let i = 0; i < 100; i++) await healthy.talk();
    clock.advance(10);
    for (const member of await Promise.all(crowd)) expect(member.roster.length).toBeLessThan(30);
  });

  test("isn't what the client says it is: what a proxy appends counts", async () => {
    await start({ perAddress: { holders: 1 } });
    await new RawClient(server.url, at("10.0.0.1, 192.0.2.1")).next("challenge");
    expect(await lateStatus(new RawClient(server.url, at("10.0.0.2, 192.0.2.1")))).toBe(429);
  });

  test("that comes too often waits for its answer, and gets it at once where the server stops", async () => {
    await start({ perAddress: { holders: 1 } });
    await new RawClient(server.url, at("192.0.2.1")).next("challenge");
    const order: (number | undefined)[] = [];
    const note = (code: number | undefined) => order.push(code);
    const answered = status(new RawClient(server.url, at("192.0.2.1"))).then(note);
    while (server.stats().drops["not-upgraded"] !== 1) await healthy.talk();
    // Whoever made a mistake is told at once, before it.
    await status(new RawClient(`${server.url}/elsewhere`, at("192.0.2.2"))).then(note);
    await server.close();
    await answered;
    expect(order).toEqual([404, 429]);
    await start({});
  });

  test("shares its rates among its connections: whoever finds them used up is read later, and loses nothing", async () => {
    await start({ perAddress: { signals: slowly } });
    const members = await Promise.all([1, 2].map(() => enter(server.url, { options: at("192.0.2.1") })));
    const [first, second] = members as [Member, Member];
    for (let i = 0; i < 5; i++) first.forward(second.persona.id, Uint8Array.of(i));
    await first.client.settle();
    for (let i = 0; i < 8; i++) second.forward(first.persona.id, Uint8Array.of(i));
    for (let i = 0; i < 8; i++) {
      while (server.stats().delays <= i) await healthy.talk();
      clock.advance(1_000);
      expect((await first.client.next("forward")).envelope[0]).toBe(i);
    }
    await second.client.settle();
    expect(second.client.heard.filter(({ t }) => t === "error")).toEqual([]);
    expect(server.stats().drops).toEqual({});
  });
});

describe("an identity", () => {
  test("is in so many rooms, and in one of them again", async () => {
    await start({ perIdentity: { holders: 2 } });
    const persona = new Persona();
    await enter(server.url, { persona, room: "a" });
    const second = await enter(server.url, { persona, room: "b" });
    expect(await refusal(persona, "c")).toMatchObject({ code: "room-full", fatal: true, retryAfter: 5_000 });
    await enter(server.url, { persona, room: "b" });
    expect(await second.client.next("error")).toMatchObject({ code: "replaced" });
  });

  test("joins so often", async () => {
    await start({ perIdentity: { arrivals: { perSecond: 1, burst: 2 } } });
    const persona = new Persona();
    for (let i = 0; i < 2; i++) await enter(server.url, { persona });
    expect(await refusal(persona)).toMatchObject({ code: "rate-limited", fatal: true, retryAfter: 1_000 });
    clock.advance(1_000);
    await enter(server.url, { persona });
  });

  test("is whoever the app says, under however many keys", async () => {
    await start(
      { perIdentity: { holders: 2 } },
      { authorise: ({ room }) => (room === "hall" ? {} : { subject: "ada" }) },
    );
    for (let i = 0; i < 2; i++) await enter(server.url);
    expect(await refusal(new Persona())).toMatchObject({ code: "room-full" });
  });
});

describe("a room", () => {
  test("is joined so often, by whomever", async () => {
    await start({ perRoom: { arrivals: { perSecond: 1, burst: 3 } } });
    for (let i = 0; i < 3; i++) await enter(server.url);
    expect(await refusal(new Persona())).toMatchObject({ code: "rate-limited", retryAfter: 1_000 });
    await enter(server.url, { room: "elsewhere" });
  });

  test("relays no faster than it may, however many do", async () => {
    await start({ perRoom: { relayBytes: { perSecond: 1_000, burst: 4_000 } } });
    const [first, second] = (await Promise.all([enter(server.url), enter(server.url)])) as [Member, Member];
    const envelope = new Uint8Array(4_000 - 33);
    first.forward(second.persona.id, envelope, "relay");
    await second.client.next("forward");
    second.forward(first.persona.id, envelope, "relay");
    while (server.stats().delays === 0) await healthy.talk();
    clock.advance(4_000);
    await first.client.next("forward");
    expect(server.stats()).toMatchObject({ relayed: 2, delays: 1 });
  });
});

describe("a client that does nothing", () => {
  test("but say that it is there is retired where the server is set to, and isn't called back", async () => {
    await start({ idleMs: 40_000, control: { perSecond: Number.POSITIVE_INFINITY, burst: 1_000 } });
    const idle = await enter(server.url, { room: "hall" });
    for (let beat = 0; beat < 3; beat++) {
      if (beat > 0) await idle.client.settle();
      clock.advance(15_000);
      await healthy.talk();
    }
    expect(await idle.client.closed).toBe(1008);
    const answer = idle.client.heard.at(-1);
    expect(answer).toMatchObject({ code: "timeout", fatal: true });
    expect(answer).not.toHaveProperty("retryAfter");
    await healthy.first.client.settle();
    expect(healthy.first.client.heard).toContainEqual(expect.objectContaining({ t: "peer-left", reason: "left" }));
    expect(server.stats().drops).toEqual({ idle: 1 });
  });
});

describe("a client that reads a little now and then", () => {
  test("is cut when what waits for it hardly gets less", async () => {
    const unlimited = { perSecond: Number.POSITIVE_INFINITY, burst: Number.POSITIVE_INFINITY };
    await start({ relayBytes: unlimited, control: unlimited, signals: unlimited, bufferedBytes: 512 * 1024 });
    const slow = await enter(server.url);
    const sender = await enter(server.url);
    slow.client.socket.pause();
    while ((server.stats().drops.busy ?? 0) === 0) {
      for (let i = 0; i < 16; i++) sender.forward(slow.persona.id, new Uint8Array(64 * 1024), "relay");
      await sender.client.settle();
    }
    // It goes on talking, as one would that lives.
    for (let beat = 0; beat < 3; beat++) {
      slow.client.socket.ping();
      await healthy.talk();
      clock.advance(15_000);
      await healthy.talk();
    }
    expect(server.stats().drops["slow-reader"]).toBe(1);
    expect(server.stats().bufferedBytes).toBe(0);
    slow.client.socket.terminate();
  });
});

describe("an operator", () => {
  beforeEach(() => start({}, { heartbeatMs: 3_600_000 }));

  test("sees rooms and who is in them", async () => {
    const member = await enter(server.url);
    expect(server.rooms.rooms()).toEqual([
      { name: "hall", peers: 2, away: 0, elsewhere: 0 },
      { name: "lab", peers: 1, away: 0, elsewhere: 0 },
    ]);
    expect(server.rooms.peers("lab")).toEqual([{ id: member.persona.id, away: false, elsewhere: false }]);
    expect(server.rooms.peers("nowhere")).toEqual([]);
  });

  test("sends a peer away, and keeps it out for a while", async () => {
    const persona = new Persona();
    const other = await enter(server.url);
    const member = await enter(server.url, { persona });
    expect(server.rooms.remove({ peer: persona.id, forMs: 60_000 })).toBe(1);
    expect(await member.client.next("error")).toMatchObject({
      code: "not-authorised",
      fatal: true,
      retryAfter: 60_000,
    });
    expect(await other.client.next("peer-left")).toMatchObject({ reason: "left" });
    clock.advance(1_000);
    expect(await refusal(persona)).toMatchObject({ code: "not-authorised", retryAfter: 59_000 });
    clock.advance(59_000);
    await enter(server.url, { persona });
  });

  test("sends a peer out of one room", async () => {
    const persona = new Persona();
    await enter(server.url, { persona, room: "a" });
    const other = await enter(server.url, { persona, room: "b" });
    expect(server.rooms.remove({ peer: persona.id, room: "a" })).toBe(1);
    expect(server.rooms.remove({ peer: persona.id, room: "nowhere" })).toBe(0);
    await other.client.settle();
  });
});

describe("draining", () => {
  beforeEach(() => start({}));

  test("tells each client when to go, evenly spread, takes nobody new, and ends when all have gone", async () => {
    const members = [healthy.first, healthy.second, await enter(server.url), await enter(server.url)];
    const drained = server.drain(8_000);
    const told = await Promise.all(members.map(({ client }) => client.next("draining")));
    expect(told.map(({ after }) => after)).toEqual([0, 2_000, 4_000, 6_000]);
    expect(await new RawClient(server.url).closed).toBe(1006);
    await healthy.talk();
    for (const { client } of members) client.socket.close();
    await drained;
    expect(server.stats().connections).toBe(0);
    // Another takes the port meanwhile.
    await using next = await createServer({ port: server.port });
    expect(next.port).toBe(server.port);
    await start({});
  });

  test("doesn't wait for ever for those who stay", async () => {
    const drained = server.drain(1_000);
    await healthy.first.client.next("draining");
    clock.advance(6_000);
    await drained;
    expect(server.stats().connections).toBe(2);
  });
});

async function refusal(persona: Persona, room = "lab") {
  const client = new RawClient(server.url);
  client.say(await persona.join((await client.next("challenge")).nonce, room));
  return client.next("error");
}
