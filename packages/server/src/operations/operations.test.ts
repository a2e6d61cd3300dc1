import { Writable } from "node:stream";
import { encodeForwardPacket } from "@skein/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMemoryBackplane, createServer, type SkeinServer } from "../index.js";
import { enter, type Member, Persona, RawClient } from "../testing-client.test-support.js";
import { type Admin, createAdmin } from "./admin.js";
import { createLog } from "./log.js";

const token = "0123456789abcdef0123456789abcdef";
let lines: string;
let server: SkeinServer;
let admin: Admin;
let member: Member;

beforeEach(async () => {
  lines = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines += chunk;
      done();
    },
  });
  const log = createLog({ level: "debug", destination });
  server = await createServer({ port: 0, log });
  admin = await createAdmin(server.rooms, { token, port: 0, log });
  member = await enter(server.url, { room: "secret room", token: "hunter2" });
});

afterEach(async () => {
  await admin.close();
  await server.close();
});

const ask = (path: string, { bearer = token, ...init }: RequestInit & { bearer?: string } = {}) =>
  fetch(`${admin.url}${path}`, { ...init, headers: { Authorization: `Bearer ${bearer}` } });

describe("operators", () => {
  test("see rooms, who is in them, and figures", async () => {
    expect(await (await ask("/rooms")).json()).toEqual({
      rooms: [{ name: "secret room", peers: 1, away: 0, elsewhere: 0 }],
    });
    expect(await (await ask("/peers?room=secret%20room")).json()).toEqual({
      peers: [{ id: member.persona.id, away: false, elsewhere: false }],
    });
    expect(await (await ask("/stats")).json()).toMatchObject({ connections: 1, peers: 1, joins: 1 });
  });

  test("send a peer away", async () => {
    const body = JSON.stringify({ peer: member.persona.id, forMs: 60_000 });
    expect(await (await ask("/kick", { method: "POST", body })).json()).toEqual({ removed: 1 });
    expect(await member.client.next("error")).toMatchObject({ code: "not-authorised", fatal: true });
    expect(await member.client.closed).toBe(1008);
  });

  test.each(["", "{", "[]", "null", '{"peer":7}', '{"peer":"short"}', '{"peer":"x","forMs":"1"}', "x".repeat(9_000)])(
    "are told where a removal can't be read: %j",
    async (body) => {
      const response = await ask("/kick", { method: "POST", body });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ error: expect.stringMatching(/^[A-Z].*\.|must\.$/) });
      expect(server.stats().peers).toBe(1);
    },
  );

  test.each(["/rooms", "/peers?room=x", "/stats", "/metrics", "/kick", "/nothing"])(
    "are whoever brings the token: %s",
    async (path) => {
      for (const bearer of ["", "wrong", `${token}x`, token.slice(1)]) {
        expect((await ask(path, { bearer })).status).toBe(401);
      }
      expect((await fetch(`${admin.url}${path}`)).status).toBe(401);
    },
  );

  test("can't be let in by a short token", async () => {
    await expect(createAdmin(server.rooms, { token: "hunter2", port: 0 })).rejects.toMatchObject({
      code: "bad-argument",
    });
  });
});

describe("what is told about a server", () => {
  beforeEach(async () => {
    member.client.send(encodeForwardPacket("relay", new Persona().id, new TextEncoder().encode("contents")));
    await member.client.next("undeliverable");
    const refused = new RawClient(server.url.replace("/skein", "/skein?token=hunter3"));
    await refused.closed;
    await ask("/kick", { method: "POST", body: JSON.stringify({ peer: member.persona.id }) });
    await member.client.closed;
  });

  const secrets = ["127.0.0.1", "::1", "secret room", "hunter2", "hunter3", "contents", token];

  test("its log is lines of JSON that hold no address, room, token or content", async () => {
    await admin.close();
    await server.close();
    const events = lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual([
      "listening",
      "connected",
      "joined",
      "dropped",
      "not-upgraded",
      "ended",
      "removed",
      "disconnected",
      "closed",
    ]);
    for (const secret of secrets) expect(lines).not.toContain(secret);
  });

  test("its figures hold none either", async () => {
    const response = await ask("/metrics");
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    const text = await response.text();
    expect(text).toMatch(/^skein_connections 0$/m);
    expect(text).toMatch(/^skein_joins_total 1$/m);
    expect(text).toMatch(/^skein_drops_total\{reason="gone"\} 1$/m);
    expect(text).toMatch(/^skein_drops_total\{reason="not-upgraded"\} 1$/m);
    expect(text).toMatch(/^skein_forwards_total\{class="relay"\} 0$/m);
    expect(text).toMatch(/^process_cpu_seconds_total /m);
    for (const secret of [...secrets, member.persona.id]) expect(text).not.toContain(secret);
  });
});

describe("a server that is one of several nodes", () => {
  test("tells operators of the others", async () => {
    const memory = createMemoryBackplane();
    const [one, two] = await Promise.all(
      [0, 1].map(() => createServer({ port: 0, backplane: { backplane: memory.connect() } })),
    );
    if (one === undefined || two === undefined) throw new Error("two servers");
    const office = await createAdmin(one.rooms, { token, port: 0 });
    try {
      const here = await enter(one.url);
      const there = await enter(two.url);
      await here.client.next("peer-joined");
      const look = (path: string) => fetch(`${office.url}${path}`, { headers: { Authorization: `Bearer ${token}` } });
      expect(await (await look("/rooms")).json()).toEqual({
        rooms: [{ name: "lab", peers: 2, away: 0, elsewhere: 1 }],
      });
      expect(await (await look("/peers?room=lab")).json()).toEqual({
        peers: [
          { id: here.persona.id, away: false, elsewhere: false },
          { id: there.persona.id, away: false, elsewhere: true },
        ],
      });
      expect(await (await look("/stats")).json()).toMatchObject({
        peers: 1,
        backplane: { kind: "memory", isThere: true, nodes: 1, reconnects: 0, rejected: 0, lost: 0 },
      });
      const text = await (await look("/metrics")).text();
      expect(text).toMatch(/^skein_backplane_up 1$/m);
      expect(text).toMatch(/^skein_backplane_nodes 1$/m);
      expect(text).toMatch(/^skein_backplane_messages_total\{direction="in"\} [1-9]/m);
      memory.stop();
      memory.start();
      expect(await (await look("/metrics")).text()).toMatch(/^skein_backplane_reconnects_total 1$/m);
    } finally {
      await office.close();
      await Promise.all([one.close(), two.close()]);
    }
  });
});

describe("/readyz", () => {
  const readyz = () => fetch(server.url.replace(/^ws(.*)\/skein$/, "http$1/readyz"));

  test("says that newcomers are taken, and nothing more once they aren't", async () => {
    const response = await readyz();
    expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
    void server.drain(0);
    await member.client.next("draining");
    await expect(readyz()).rejects.toThrow();
  });
});
