import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTokenKeys, signToken } from "@skein/server/tokens";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authorisationOf } from "./authorisation.js";
import { limitsOf } from "./limits.js";

let folder: string;
let key: string;
const keys = createTokenKeys();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skein-authorisation-"));
  key = join(folder, "lab.pub");
  writeFileSync(key, keys.publicKey);
});

afterEach(() => rmSync(folder, { recursive: true }));

describe("a server that others reach", () => {
  it.each(["0.0.0.0", "::", "192.0.2.1", "example.org"])(
    "demands a key, or to be told that it is open: %s",
    async (host) => {
      await expect(authorisationOf({ host })).rejects.toThrow(
        /--auth-key.*--open to let in anyone, who may then join every room/,
      );
      expect(await authorisationOf({ host, open: true })).toBeUndefined();
      expect(await authorisationOf({ host, authKey: [key] })).toBeTypeOf("function");
    },
  );

  it("lets in whoever has a token", async () => {
    const authorise = await authorisationOf({ host: "0.0.0.0", authKey: [key] });
    const token = await signToken(keys.privateKey, { rooms: ["lab"], expiresInMs: 60_000 });
    const join = { room: "lab", card: { id: "x" } as never, token };
    expect(await authorise?.(join)).toMatchObject({ mayRelay: true });
    await expect(authorise?.({ ...join, room: "hall" })).rejects.toMatchObject({ code: "not-authorised" });
  });
});

describe("a server of this machine alone", () => {
  it.each([undefined, "127.0.0.1", "localhost", "::1"])("lets in anyone: %s", async (host) => {
    expect(await authorisationOf(host === undefined ? {} : { host })).toBeUndefined();
  });
});

it.each([
  [{ open: true, authJwks: "https://id.example/jwks.json" }, /exclude each other/],
  [{ authIssuer: "https://id.example" }, /needs a key/],
  [{ authKey: ["/nowhere/lab.pub"] }, /auth-key.* can't be read from \/nowhere\/lab\.pub/],
  [{ authJwks: "http://id.example/jwks.json" }, /https/],
])("settings that contradict each other are refused: %j", async (options, sentence) => {
  await expect(authorisationOf(options)).rejects.toThrow(sentence);
});

it("a key that is none says which setting and which file it is of", async () => {
  writeFileSync(key, "too short");
  await expect(authorisationOf({ authKey: [key] })).rejects.toThrow(
    `"auth-key", ${key}: A token's secret has 32 bytes`,
  );
});

it("limits are those that were told, and no others", () => {
  expect(limitsOf({})).toEqual({});
  expect(limitsOf({ relayRate: 1_000, maxRooms: 5, idle: 60, maxAddressConnections: 3, maxAddressRate: 1 })).toEqual({
    relayBytes: { perSecond: 1_000, burst: 2_000 },
    rooms: 5,
    idleMs: 60_000,
    perAddress: { holders: 3, arrivals: { perSecond: 1, burst: 10 } },
  });
});
