import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseHost, parsePeerRange, parsePortRange, parseTurnPort } from "../config/turn-values.js";
import { listenOf, turnOf } from "./turn.js";

let folder: string;
let secretFile: string;
const secret = "north-wind-and-the-sun";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skein-serve-turn-"));
  secretFile = join(folder, "turn.secret");
  writeFileSync(secretFile, `${secret}\n`);
});

afterEach(() => rmSync(folder, { recursive: true }));

const tell = () => {};

function fileOf(content: unknown): string {
  const file = join(folder, "turn.json");
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

describe("the TURN servers of `skein serve`", () => {
  it("are none unless they are told", async () => {
    expect(await turnOf({}, tell)).toMatchObject({ turn: undefined, stun: [] });
  });

  it("are hosts with one secret, each by UDP, TCP and TLS", async () => {
    const { turn } = await turnOf({ turnServer: ["a.example", "b.example"], turnSecret: secretFile }, tell);
    expect(turn?.servers).toHaveLength(2);
    expect(turn?.servers[1]).toEqual({
      urls: [
        "turn:b.example:3478?transport=udp",
        "turn:b.example:443?transport=tcp",
        "turns:b.example:443?transport=tcp",
      ],
      secret,
    });
  });

  it("come from a file with weights and regions, their secrets from there or from files of their own", async () => {
    const turnFile = fileOf([
      { host: "a.example", secretFile, weight: 2, region: "eu" },
      { urls: ["turn:b.example:5000"], secret: "another secret of theirs" },
    ]);
    const { turn } = await turnOf({ turnFile, turnLifetime: 60_000, turnRegion: "eu" }, tell);
    expect(turn).toMatchObject({ lifetimeMs: 60_000, region: "eu" });
    expect(turn?.servers).toMatchObject([
      { secret, weight: 2, region: "eu" },
      { urls: ["turn:b.example:5000"], secret: "another secret of theirs" },
    ]);
  });

  it.each<[string, () => Parameters<typeof turnOf>[0], RegExp]>([
    ["a server without a secret", () => ({ turnServer: ["a.example"] }), /needs --turn-secret/],
    ["a secret without a server", () => ({ turnSecret: secretFile }), /--turn-secret is of no use without/],
    ["a port without --turn", () => ({ turnPort: 3478 }), /are for the TURN server of --turn/],
    ["an allowed peer without --turn", () => ({ turnAllowPeer: ["10.0.0.1"] }), /are for the TURN server of --turn/],
    ["a file that isn't there", () => ({ turnFile: "/nowhere" }), /^\/nowhere can't be used/],
    [
      "a file with both an address and a host",
      () => ({ turnFile: fileOf([{ host: "a", urls: [], secret }]) }),
      /can't be used/,
    ],
    ["a file without a secret", () => ({ turnFile: fileOf([{ host: "a" }]) }), /can't be used/],
    [
      "a file with a key that isn't known",
      () => ({ turnFile: fileOf([{ host: "a", secret, wieght: 2 }]) }),
      /can't be used/,
    ],
  ])("aren't %s", async (_, options, sentence) => {
    await expect(turnOf(options(), tell)).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(sentence),
    });
  });

  it("aren't told of with their secrets where a file can't be read", async () => {
    for (const content of [`[{"host":"a","secret":"${secret}"`, [{ host: "a", secret, weight: "2" }]]) {
      const error: unknown = await turnOf({ turnFile: fileOf(content) }, tell).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(`${(error as Error).message} ${(error as Error).stack} ${(error as Error).cause}`).not.toContain(secret);
    }
  });
});

it.each<[string, Parameters<typeof listenOf>[0], string | undefined]>([
  ["where the server does", { host: "192.0.2.1" }, "192.0.2.1"],
  ["on loopback where that is all there is", {}, "127.0.0.1"],
  ["on loopback where it is told so", { host: "localhost", turnAddress: "127.0.0.1" }, "127.0.0.1"],
  ["everywhere where the server does", { host: "0.0.0.0", turnAddress: "203.0.113.5" }, undefined],
  ["everywhere where the server is behind a proxy", { host: "127.0.0.1", turnAddress: "203.0.113.5" }, undefined],
])("the TURN server beside the server listens %s", async (_, options, listen) => {
  expect(await listenOf(options)).toBe(listen);
});

describe("the values of the flags", () => {
  it("are read, or refused with what they should look like", () => {
    expect(["turn.example.org", "192.0.2.1", "2001:db8::1"].map(parseHost)).toHaveLength(3);
    expect(parsePortRange("50000-50100")).toEqual({ first: 50_000, last: 50_100 });
    expect(parseTurnPort("443")).toBe(443);
    expect(parsePeerRange("10.0.0.0-10.0.0.255")).toBe("10.0.0.0-10.0.0.255");
    for (const [parse, text] of [
      [parseHost, "turn:example.org"],
      [parseHost, "example.org:3478"],
      [parseHost, ""],
      [parsePortRange, "50100-50000"],
      [parsePortRange, "50000"],
      [parsePortRange, "0-1"],
      [parseTurnPort, "0"],
      [parsePeerRange, "10.0.0.0/8"],
    ] as const) {
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: "commander.invalidArgument" }));
    }
  });
});
