import { createPublicKey, type KeyObject } from "node:crypto";
import { SkeinError } from "@skein/protocol";
import { createLocalJWKSet, createRemoteJWKSet } from "jose";

/** Something that tokens are checked with. */
export type TokenKey =
  /** Shared with whoever issues tokens (HS256): 32 bytes or more. */
  | { readonly secret: string | Uint8Array }
  /** Ed25519, RSA or P-256, as PEM. */
  | { readonly publicKey: string }
  /** A JWK set, or one JWK, as JSON. */
  | { readonly jwks: string }
  /** Where the issuer keeps its JWK set. It is fetched when it is needed, again for a key id that isn't known, and each ten minutes. */
  | {
      readonly jwksUrl: string;
      /** How long after it was fetched a key id that isn't known makes us look again. Default 10,000. */
      readonly refetchMs?: number | undefined;
    };

/**
 * Finds the key of a token in a set. The library's own name for this is of ES modules alone, and the declarations for `require` can't
 * say it under TypeScript's `node16`.
 */
type KeySet = (
  header: { readonly alg: string },
  token: { readonly payload: string | Uint8Array; readonly signature: string },
) => Promise<CryptoKey>;

/** Algorithms that a key may be used with, and nothing else: what a token says of itself isn't believed. */
export interface CheckingKey {
  readonly algorithms: readonly string[];
  readonly key: KeyObject | Uint8Array | KeySet;
}

/** RFC 7518 §3.2: no shorter than the hash. */
const secretLeastBytes = 32;
const asymmetric = ["EdDSA", "Ed25519", "RS256", "ES256"];

/** @throws {SkeinError} `bad-argument` for a key that can't be used. None of its text is in the error's. */
export function checkingKey(key: TokenKey): CheckingKey {
  if ("secret" in key) return { algorithms: ["HS256"], key: secretBytes(key.secret) };
  if ("publicKey" in key) return publicKey(key.publicKey);
  if ("jwks" in key) return { algorithms: asymmetric, key: localSet(key.jwks) };
  return { algorithms: asymmetric, key: remoteSet(key.jwksUrl, key.refetchMs) };
}

/** Reads a key file: PEM, JSON, or else a secret as text. */
export function parseTokenKey(text: string): TokenKey {
  const trimmed = text.trim();
  if (trimmed.startsWith("-----BEGIN")) return { publicKey: trimmed };
  return trimmed.startsWith("{") ? { jwks: trimmed } : { secret: trimmed };
}

export function secretBytes(secret: string | Uint8Array): Uint8Array {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  if (bytes.length >= secretLeastBytes) return bytes;
  throw new SkeinError(
    "bad-argument",
    `A token's secret has ${secretLeastBytes} bytes or more, and this one ${bytes.length}: \`skein secret\` makes one.`,
  );
}

/** The one algorithm that a key is for. */
export function algorithmOf(key: KeyObject): string {
  switch (key.asymmetricKeyType) {
    case "ed25519":
      return "EdDSA";
    case "rsa":
      return "RS256";
    case "ec":
      if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return "ES256";
  }
  throw new SkeinError("bad-argument", "A token's key is Ed25519, RSA, or of the curve P-256.");
}

function publicKey(pem: string): CheckingKey {
  const key = orBadKey("a public key as PEM", () => createPublicKey(pem));
  return { algorithms: [algorithmOf(key)], key };
}

function localSet(json: string): KeySet {
  return orBadKey("a JWK set as JSON", () => {
    const parsed = JSON.parse(json);
    return createLocalJWKSet("keys" in parsed ? parsed : { keys: [parsed] });
  });
}

function remoteSet(text: string, refetchMs = 10_000): KeySet {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (url === undefined || !(url.protocol === "https:" || (url.protocol === "http:" && isLoopback))) {
    throw new SkeinError(
      "bad-argument",
      "A JWK set is fetched over https, or from this machine: give such an address.",
    );
  }
  return createRemoteJWKSet(url, { timeoutDuration: 5_000, cooldownDuration: refetchMs });
}

function orBadKey<Key>(what: string, read: () => Key): Key {
  try {
    return read();
  } catch {
    // The cause could quote the key.
    throw new SkeinError("bad-argument", `A token's key can't be read: this isn't ${what}.`);
  }
}
