import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createServer, type SkeinServer } from "../index.js";
import { enter, ManualClock, type Member, Persona, RawClient } from "../testing-client.test-support.js";
import { authoriseByToken } from "./authorise.js";
import { signToken, type TokenContents } from "./sign.js";

const secret = "0123456789abcdef0123456789abcdef";
const startMs = 1_800_000_000_000;
let clock: ManualClock;
let server: SkeinServer;
let member: Member;
let other: Member;

const wallMs = () => startMs + clock.nowMs();
const token = (more: Partial<TokenContents> = {}) =>
  signToken(secret, { rooms: ["lab"], expiresInMs: 120_000, ...more }, wallMs());

beforeEach(async () => {
  clock = new ManualClock();
  const authorise = authoriseByToken({ keys: [{ secret }], wallMs });
  server = await createServer({ port: 0, clock, authorise, heartbeatMs: 3_600_000 });
  member = await enter(server.url, { token: await token() });
  other = await enter(server.url, { token: await token({ expiresInMs: 3_600_000 }) });
});

afterEach(() => server.close());

describe("a session", () => {
  test("whose token expires is warned before, ends with the reason, and leaves the room", async () => {
    clock.advance(59_999);
    await member.client.settle();
    expect(member.client.heard.some(({ t }) => t === "expiring")).toBe(false);
    clock.advance(1);
    expect((await member.client.next("expiring")).after).toBeGreaterThan(59_000);
    clock.advance(60_000);
    const error = await member.client.next("error");
    expect(error).toMatchObject({ code: "expired", fatal: true });
    expect(error).not.toHaveProperty("retryAfter");
    expect(await member.client.closed).toBe(1008);
    expect(await other.client.next("peer-left")).toMatchObject({ reason: "left" });
    await other.client.settle();
  });

  test("that gets a new token in time goes on", async () => {
    clock.advance(60_000);
    await member.client.next("expiring");
    member.client.say({ t: "token", token: await token({ expiresInMs: 600_000 }) });
    await member.client.settle();
    clock.advance(500_000);
    await member.client.settle();
    expect(server.stats().connections).toBe(2);
    clock.advance(100_000);
    expect(await member.client.next("error")).toMatchObject({ code: "expired" });
  });

  test("goes on with the token it has where the new one is no good, and no longer", async () => {
    const bad = [
      await token({ rooms: ["hall"] }),
      await token({ peer: new Persona().id }),
      await signToken("f".repeat(32), { rooms: ["lab"], expiresInMs: 1e9 }, wallMs()),
      "hunter2",
    ];
    for (const text of bad) {
      member.client.say({ t: "token", token: text });
      expect(await member.client.next("error")).toMatchObject({ code: "not-authorised", fatal: false });
    }
    await member.client.settle();
    clock.advance(120_000);
    expect(await member.client.next("error")).toMatchObject({ code: "expired", fatal: true });
  });

  test("may relay only where its token says so, and from when on it does", async () => {
    const quiet = await enter(server.url, { token: await token({ rights: ["join"] }) });
    quiet.forward(other.persona.id, Uint8Array.of(1), "relay");
    expect(await quiet.client.next("undeliverable")).toMatchObject({ reason: "not-allowed", class: "relay" });
    quiet.forward(other.persona.id, Uint8Array.of(2), "signal");
    expect((await other.client.next("forward")).envelope).toEqual(Buffer.of(2));
    quiet.client.say({ t: "token", token: await token() });
    quiet.forward(other.persona.id, Uint8Array.of(3), "relay");
    expect((await other.client.next("forward")).envelope).toEqual(Buffer.of(3));
  });
});

describe("a join", () => {
  test.each<[string, () => Promise<string | undefined>, string]>([
    ["without a token", async () => undefined, "not-authorised"],
    ["with one that is over", () => token({ expiresInMs: -1 }), "expired"],
    [
      "with one that another key signed",
      () => signToken("f".repeat(32), { rooms: ["*"], expiresInMs: 1e9 }),
      "not-authorised",
    ],
    ["with one for another room", () => token({ rooms: ["hall"] }), "not-authorised"],
    ["with one that was taken from another peer", () => token({ peer: other.persona.id }), "not-authorised"],
  ])("%s is refused", async (_, make, code) => {
    const client = new RawClient(server.url);
    const persona = new Persona();
    const join = await persona.join((await client.next("challenge")).nonce, "lab");
    const given = await make();
    client.say(given === undefined ? join : { ...join, token: given });
    expect(await client.next("error")).toMatchObject({ code, fatal: true });
    expect(await client.closed).toBe(1008);
  });

  test("with a token in the address is refused, whatever the token", async () => {
    const url = `${server.url}?token=${await token()}`;
    const status = await new Promise((resolve) =>
      new RawClient(url).socket.once("unexpected-response", (_, response) => resolve(response.statusCode)),
    );
    expect(status).toBe(400);
  });
});
