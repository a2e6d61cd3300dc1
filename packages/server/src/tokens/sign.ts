import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { SkeinError } from "@skein/protocol";
import { SignJWT } from "jose";
import { algorithmOf, secretBytes } from "./keys.js";

/** What a token is to say. */
export interface TokenContents {
  /** Names, with `*` for any run of characters. */
  readonly rooms: readonly string[];
  readonly rights?: readonly ("join" | "relay" | "broadcast")[] | undefined;
  /** The id of the one peer that may use it. */
  readonly peer?: string | undefined;
  readonly subject?: string | undefined;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  readonly expiresInMs: number;
}

/** A pair of keys, as PEM. */
export interface TokenKeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/**
 * Makes a token that {@link authoriseByToken} takes.
 * @param key a private key as PEM, or a secret of 32 bytes or more.
 * @throws {SkeinError} `bad-argument` for a key that can't be used.
 */
export async function signToken(key: string, contents: TokenContents, wallMs = Date.now()): Promise<string> {
  const { rooms, rights, peer, subject, issuer, audience, expiresInMs } = contents;
  const issuedS = Math.floor(wallMs / 1000);
  const token = new SignJWT({ rooms, ...(rights && { rights }), ...(peer && { peer }) })
    .setIssuedAt(issuedS)
    .setExpirationTime(issuedS + Math.ceil(expiresInMs / 1000));
  if (subject !== undefined) token.setSubject(subject);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  const signing = signingKey(key.trim());
  return token.setProtectedHeader({ alg: signing.algorithm, typ: "JWT" }).sign(signing.key);
}

/** A fresh pair: the server gets the public one, whoever issues tokens keeps the private one. */
export function createTokenKeys(): TokenKeyPair {
  return generateKeyPairSync("ed25519", {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

function signingKey(text: string): { readonly key: KeyObject | Uint8Array; readonly algorithm: string } {
  if (!text.startsWith("-----BEGIN")) return { key: secretBytes(text), algorithm: "HS256" };
  const key = privateKey(text);
  return { key, algorithm: algorithmOf(createPublicKey(key)) };
}

function privateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause could quote the key.
    throw new SkeinError("bad-argument", "Tokens are signed with a private key or a secret: this PEM is neither.");
  }
}
