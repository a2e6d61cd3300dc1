import { generateKeyPairSync } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Card, createIdentity, SkeinError } from "@skein/protocol";
import { exportJWK, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { authoriseByToken } from "./authorise.js";
import { parseTokenKey, type TokenKey } from "./keys.js";
import { createTokenKeys, signToken, type TokenContents } from "./sign.js";

const wallMs = 1_800_000_000_000;
const secret = "0123456789abcdef0123456789abcdef";
const identity = createIdentity();
const card = { id: identity.id } as Card;

const pem = (type: "rsa" | "ec" | "ed25519") => {
  const { publicKey, privateKey } = generate(type);
  return {
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
};

function generate(type: "rsa" | "ec" | "ed25519") {
  if (type === "rsa") return generateKeyPairSync("rsa", { modulusLength: 2048 });
  if (type === "ec") return generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return generateKeyPairSync("ed25519");
}

const make = (key: string, more: Partial<TokenContents> = {}) =>
  signToken(key, { rooms: ["lab-*"], expiresInMs: 60_000, ...more }, wallMs);

const ask = (keys: readonly TokenKey[], token: string | undefined, room = "lab-1", more = {}) =>
  authoriseByToken({ keys, wallMs: () => wallMs, ...more })({ room, card, token });

describe("a token", () => {
  test.each(["rsa", "ec", "ed25519"] as const)(
    "signed by %s is taken by the public key, and no other",
    async (type) => {
      const { privateKey, publicKey } = pem(type);
      const token = await make(privateKey, { subject: "user-7" });
      expect(await ask([parseTokenKey(publicKey)], token)).toEqual({
        mayRelay: true,
        expiresInMs: 60_000,
        subject: "user-7",
      });
      await expect(ask([{ publicKey: pem(type).publicKey }], token)).rejects.toMatchObject({ code: "not-authorised" });
    },
  );

  test("signed by a secret is taken by it, and by one of several keys", async () => {
    const keys: TokenKey[] = [{ publicKey: createTokenKeys().publicKey }, parseTokenKey(`${secret}\n`)];
    expect(await ask(keys, await make(secret))).toMatchObject({ mayRelay: true });
  });

  test.each<[string, Partial<TokenContents>, string]>([
    ["over", { expiresInMs: -1_000 }, "expired"],
    ["long over", { expiresInMs: -60_000 }, "expired"],
    ["for another peer", { peer: createIdentity().id }, "not-authorised"],
    ["for another room", { rooms: ["hall"] }, "not-authorised"],
    ["that doesn't allow to join", { rights: ["relay"] }, "not-authorised"],
  ])("%s isn't", async (_, more, code) => {
    await expect(ask([{ secret }], await make(secret, more))).rejects.toMatchObject({ code });
  });

  test("bound to the peer that brings it is", async () => {
    expect(await ask([{ secret }], await make(secret, { peer: identity.id, rights: ["join"] }))).toMatchObject({
      mayRelay: false,
    });
  });

  test("of another issuer or for another audience isn't", async () => {
    const token = await make(secret, { issuer: "https://a.example", audience: "skein" });
    expect(await ask([{ secret }], token, "lab-1", { issuer: "https://a.example", audience: "skein" })).toBeDefined();
    await expect(ask([{ secret }], token, "lab-1", { issuer: "https://b.example" })).rejects.toMatchObject({
      message: expect.stringContaining('"iss"'),
    });
    await expect(ask([{ secret }], token, "lab-1", { audience: "other" })).rejects.toMatchObject({
      code: "not-authorised",
    });
  });

  test("that is none, or missing, isn't, and is in no answer", async () => {
    for (const token of [undefined, "", "a.b.c", "hunter2", "..", `${await make(secret)}x`]) {
      const error = await ask([{ secret }], token).catch((cause: unknown) => cause);
      expect(SkeinError.is(error, "not-authorised")).toBe(true);
      if (token) expect((error as SkeinError).message).not.toContain(token);
    }
  });

  test("without an end isn't", async () => {
    const token = await new SignJWT({ rooms: ["*"] }).setProtectedHeader({ alg: "HS256" }).sign(Buffer.from(secret));
    await expect(ask([{ secret }], token)).rejects.toMatchObject({ message: expect.stringContaining('"exp"') });
  });
});

describe("a header's tricks", () => {
  const claims = { rooms: ["*"], exp: wallMs / 1000 + 60 };

  test("no signature at all", async () => {
    const token = new UnsecuredJWT(claims).encode();
    for (const key of [{ secret }, { publicKey: createTokenKeys().publicKey }]) {
      await expect(ask([key], token)).rejects.toMatchObject({ code: "not-authorised" });
    }
  });

  test("a public key as the secret of HS256", async () => {
    const { publicKey } = pem("rsa");
    const token = await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(Buffer.from(publicKey));
    await expect(ask([{ publicKey }], token)).rejects.toMatchObject({ code: "not-authorised" });
    await expect(ask([{ publicKey: publicKey.trim() }], token)).rejects.toMatchObject({ code: "not-authorised" });
  });

  test("a key that the token brings along", async () => {
    const own = generateKeyPairSync("ed25519");
    const jwk = await exportJWK(own.publicKey);
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "EdDSA", jwk, jku: "http://127.0.0.1:1/", kid: "../../etc/passwd" })
      .sign(own.privateKey);
    await expect(ask([{ publicKey: createTokenKeys().publicKey }], token)).rejects.toMatchObject({
      code: "not-authorised",
    });
  });

  test("an extension that must be understood", async () => {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", crit: ["b64"], b64: true })
      .sign(Buffer.from(secret));
    const grant = await ask([{ secret }], token).catch((error: unknown) => error);
    expect(SkeinError.is(grant) || (grant as { mayRelay: boolean }).mayRelay).toBe(true);
  });
});

describe("keys from an address", () => {
  test("are fetched once, again when they have changed, and are away when they are", async () => {
    const pair = async (kid: string) => {
      const { publicKey, privateKey } = generateKeyPairSync("ed25519");
      return { jwk: { ...(await exportJWK(publicKey)), kid, alg: "EdDSA" }, privateKey, kid };
    };
    const [first, second] = [await pair("one"), await pair("two")];
    const tokenBy = ({ privateKey, kid }: Awaited<ReturnType<typeof pair>>) =>
      new SignJWT({ rooms: ["*"], exp: wallMs / 1000 + 60 }).setProtectedHeader({ alg: "EdDSA", kid }).sign(privateKey);
    let keys = [first.jwk];
    let fetched = 0;
    const issuer = createHttpServer((_, response) => {
      fetched++;
      response.setHeader("Content-Type", "application/json").end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
    const jwksUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks.json`;
    const authorise = authoriseByToken({ keys: [{ jwksUrl, refetchMs: 0 }], wallMs: () => wallMs });
    const join = async (token: string) => authorise({ room: "lab", card, token });
    await join(await tokenBy(first));
    await join(await tokenBy(first));
    expect(fetched).toBe(1);
    keys = [second.jwk];
    await join(await tokenBy(second));
    expect(fetched).toBe(2);
    await expect(join(await tokenBy(first))).rejects.toMatchObject({ code: "not-authorised" });
    issuer.closeAllConnections();
    await new Promise((resolve) => issuer.close(resolve));
    await join(await tokenBy(second));
    const other = authoriseByToken({ keys: [{ jwksUrl }], wallMs: () => wallMs });
    await expect(other({ room: "lab", card, token: await tokenBy(second) })).rejects.toMatchObject({
      code: "not-authorised",
      retryAfterMs: 5_000,
    });
  });
});

describe("a key", () => {
  test.each<[string, () => unknown]>([
    ["a secret that is short", () => authoriseByToken({ keys: [{ secret: "hunter2" }] })],
    ["no key", () => authoriseByToken({ keys: [] })],
    ["a PEM that is none", () => authoriseByToken({ keys: [parseTokenKey("-----BEGIN hunter2")] })],
    ["JSON that is none", () => authoriseByToken({ keys: [parseTokenKey('{"hunter2":')] })],
    ["an address without TLS", () => authoriseByToken({ keys: [{ jwksUrl: "http://example.org/hunter2" }] })],
    ["an address that is none", () => authoriseByToken({ keys: [{ jwksUrl: "hunter2" }] })],
    [
      "a curve that isn't P-256",
      () =>
        authoriseByToken({
          keys: [
            {
              publicKey: generateKeyPairSync("ec", { namedCurve: "secp384r1" })
                .publicKey.export({ type: "spki", format: "pem" })
                .toString(),
            },
          ],
        }),
    ],
  ])("that is %s is refused at once, unquoted", (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: "bad-argument" }));
    expect(make).not.toThrow(/hunter2/);
  });
});
