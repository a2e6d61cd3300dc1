import { fitsPattern } from "./room-pattern.js";

/** What a token may say beside the claims that every JWT has (RFC 7519 §4.1). */
export interface TokenClaims {
  /** The rooms that may be joined: names, with `*` for any run of characters. Without it, none. */
  readonly rooms?: unknown;
  /** Any of `join`, `relay`, `broadcast`. Without it, all. */
  readonly rights?: unknown;
  /** The id of the one peer that may use the token. Without it, whoever has it. */
  readonly peer?: unknown;
  readonly sub?: unknown;
  /** Seconds since 1970. */
  readonly exp?: unknown;
}

/** Who asks, and where to. */
export interface Asked {
  readonly room: string;
  readonly peer: string;
}

/** What a genuine token is worth to whoever brings it. */
export type Judgement =
  | {
      readonly ok: true;
      readonly mayRelay: boolean;
      readonly expiresInMs: number;
      readonly subject: string | undefined;
    }
  | { readonly ok: false; readonly why: "expired" | "another-peer" | "another-room" | "no-join" | "unreadable" };

/** How many are looked at. */
const patternsMost = 256;

/** Judges the claims of a token whose signature holds. What can't be read allows nothing. */
export function judgeClaims(claims: TokenClaims, { room, peer }: Asked, wallMs: number): Judgement {
  const { rooms = [], rights, exp, sub } = claims;
  if (!isTexts(rooms) || !(rights === undefined || isTexts(rights)) || typeof exp !== "number") return no("unreadable");
  if (exp * 1000 <= wallMs) return no("expired");
  if (claims.peer !== undefined && claims.peer !== peer) return no("another-peer");
  if (!rooms.slice(0, patternsMost).some((pattern) => fitsPattern(room, pattern))) return no("another-room");
  if (rights !== undefined && !rights.includes("join")) return no("no-join");
  return {
    ok: true,
    mayRelay: rights === undefined || rights.includes("relay"),
    expiresInMs: exp * 1000 - wallMs,
    subject: typeof sub === "string" && sub !== "" ? sub : undefined,
  };
}

function no(why: Extract<Judgement, { ok: false }>["why"]): Judgement {
  return { ok: false, why };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
