import { type ErrorCode, SkeinError } from "@skein/protocol";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { type Judgement, judgeClaims } from "../core/claims.js";
import type { Grant } from "../grant.js";
import type { JoinAttempt } from "../options.js";
import { type CheckingKey, checkingKey, type TokenKey } from "./keys.js";

/** Which keys may have signed a token, and what it has to say. */
export interface TokenOptions {
  /** Any of them may have signed a token. */
  readonly keys: readonly TokenKey[];
  /** Who must have issued it (`iss`). */
  readonly issuer?: string | undefined;
  /** For whom it must be (`aud`). */
  readonly audience?: string | undefined;
  /** The time that tokens are written in. Milliseconds since 1970. */
  readonly wallMs?: (() => number) | undefined;
}

/** How far the clocks of issuer and server may be apart. Seconds. */
const clockToleranceS = 5;
/** When to ask again where the issuer's keys can't be had. */
const keysAwayMs = 5_000;

/**
 * Lets in whoever brings a JSON Web Token (RFC 7519) that one of the keys has signed: into the rooms that it names, with the
 * rights that it names, until it expires, and as the peer that it names. For `createServer`'s `authorise`.
 *
 * @throws {SkeinError} `bad-argument` for a key that can't be used.
 * @example
 * const server = await createServer({ authorise: authoriseByToken({ keys: [{ jwksUrl: "https://id.example.org/jwks.json" }] }) });
 */
export function authoriseByToken(options: TokenOptions): (join: JoinAttempt) => Promise<Grant> {
  if (options.keys.length === 0)
    throw new SkeinError("bad-argument", "Tokens need a key to be checked with: give one.");
  const keys = options.keys.map(checkingKey);
  const wallMs = options.wallMs ?? Date.now;
  return async ({ room, card, token }) => {
    if (token === undefined)
      throw refusal(
        "not-authorised",
        "This server lets in whoever has a token: give one (`token` of joinRoom, --token-file of skein).",
      );
    const claims = await verify(token, keys, options, wallMs);
    return grantOf(judgeClaims(claims, { room, peer: card.id }, wallMs()));
  };
}

/** The claims, where one of the keys has signed them. */
async function verify(
  token: string,
  keys: readonly CheckingKey[],
  { issuer, audience }: TokenOptions,
  wallMs: () => number,
): Promise<JWTPayload> {
  let keysAreAway = false;
  for (const { key, algorithms } of keys) {
    try {
      const checks = {
        algorithms: [...algorithms],
        clockTolerance: clockToleranceS,
        currentDate: new Date(wallMs()),
        requiredClaims: ["exp"],
        ...(issuer === undefined ? {} : { issuer }),
        ...(audience === undefined ? {} : { audience }),
      };
      // The two ways to call it are the same to it, not to its types.
      const verified = typeof key === "function" ? jwtVerify(token, key, checks) : jwtVerify(token, key, checks);
      return (await verified).payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw refusal("expired", sentences.expired);
      if (error instanceof errors.JWTClaimValidationFailed) throw refusal("not-authorised", claimSentence(error.claim));
      keysAreAway ||= !isVerdict(error);
    }
  }
  if (keysAreAway) {
    throw new SkeinError("not-authorised", "The keys that tokens are checked with can't be had now: try again later.", {
      retryAfterMs: keysAwayMs,
    });
  }
  throw refusal("not-authorised", "The token isn't one that this server takes: none of its keys has signed it.");
}

/** Whether the token itself was at fault, rather than what fetches the keys. */
function isVerdict(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== "ERR_JOSE_GENERIC"
  );
}

const sentences = {
  expired: "The token's time is over: ask for a new one.",
  "another-peer": "The token is for another peer than this one.",
  "another-room": "The token isn't for this room.",
  "no-join": "The token doesn't allow to join.",
  unreadable: "The token's claims can't be used: rooms and rights are lists of texts, exp is a time.",
} as const;

function claimSentence(claim: string): string {
  return `The token's claim "${/^(?:iss|aud|nbf|exp|iat)$/.test(claim) ? claim : "?"}" isn't what this server wants.`;
}

function grantOf(judgement: Judgement): Grant {
  if (judgement.ok) {
    const { mayRelay, expiresInMs, subject } = judgement;
    return { mayRelay, expiresInMs, subject };
  }
  throw refusal(judgement.why === "expired" ? "expired" : "not-authorised", sentences[judgement.why]);
}

function refusal(code: ErrorCode, sentence: string): SkeinError {
  return new SkeinError(code, sentence);
}
