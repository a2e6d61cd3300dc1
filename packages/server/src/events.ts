import type { ErrorCode, PeerId } from "@skein/protocol";
import type { DropCode } from "./stats.js";

/**
 * What a server tells its log. Never an address, a room's name, a token, or anything that was sent. `connection` is a
 * number that counts up.
 */
export type ServerEvent =
  | { readonly type: "listening"; readonly port: number }
  /** Clients are told to go elsewhere. */
  | { readonly type: "draining"; readonly connections: number }
  /** Other nodes can be reached, or can't. */
  | { readonly type: "backplane"; readonly is: "there" | "away" }
  | { readonly type: "connected"; readonly connection: number }
  /** It proved to be this peer, and is in its room. */
  | { readonly type: "joined"; readonly connection: number; readonly peer: PeerId }
  /** An operator sent this peer away, from so many places. */
  | { readonly type: "removed"; readonly peer: PeerId; readonly places: number }
  /** The server ended it, with this error. */
  | { readonly type: "ended"; readonly connection: number; readonly code: ErrorCode }
  | { readonly type: "dropped"; readonly connection: number; readonly code: DropCode }
  /** The WebSocket is closed, with this code (RFC 6455 §7.4). */
  | { readonly type: "disconnected"; readonly connection: number; readonly code: number }
  /** A request for a WebSocket was answered with this HTTP status. */
  | { readonly type: "not-upgraded"; readonly status: number }
  /** Something threw that isn't a refusal: the error's name, since its text may hold anything. */
  | {
      readonly type: "failed";
      readonly what: "accept" | "admin" | "authorise" | "connection" | "handleRequest";
      readonly error: string;
    }
  | { readonly type: "closed" };

/** What a log may know of an error. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" ? code : error.name;
}
