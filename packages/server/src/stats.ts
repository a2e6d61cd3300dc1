import type { RejectionCode } from "@skein/protocol";
import type { BackplaneStats } from "./backplane/stats.js";

/**
 * Why something that came was not acted upon. Beside the reasons for which bytes are turned away:
 *
 * `rate-limited`: too much too fast · `gone`, `busy`: a forward whose target isn't there, or has too much waiting ·
 * `out-of-place`: a message that means nothing at this point, or speaks for another peer · `stale`: a card no newer than
 * the one known · `refused`: a join that was turned down · `slow-reader`: a connection that didn't take what it was sent ·
 * `silent`: one that didn't answer, or didn't join in time · `idle`: one that had nothing to say for too long · `expired`: one whose token
 * was over · `not-allowed`: a forward that the client's token doesn't allow · `not-upgraded`: a request that got no WebSocket.
 */
export type DropCode =
  | RejectionCode
  | "rate-limited"
  | "gone"
  | "busy"
  | "out-of-place"
  | "stale"
  | "refused"
  | "slow-reader"
  | "silent"
  | "idle"
  | "expired"
  | "not-allowed"
  | "not-upgraded";

/** What a server has done since it started, and what it holds now. */
export interface ServerStats {
  /** Open WebSockets. */
  readonly connections: number;
  readonly rooms: number;
  /** Places in rooms, those of peers that are away included; those of other nodes aren't. */
  readonly peers: number;
  /** What waits for clients to read it, all together. */
  readonly bufferedBytes: number;
  /** Joins that were let in. */
  readonly joins: number;
  /** Envelopes passed on: all, and of these the relay class. */
  readonly forwards: number;
  readonly relayed: number;
  /** The same in bytes, headers included. */
  readonly bytes: number;
  readonly relayedBytes: number;
  /** How often a client was read no further for a while, since it relayed faster than it may. */
  readonly delays: number;
  /** What was turned away, by reason. A reason that never came up isn't listed. */
  readonly drops: Readonly<Partial<Record<DropCode, number>>>;
  /** Of a server that is one of several nodes. */
  readonly backplane?: BackplaneStats;
}

/** Counts what passes and what doesn't. */
export class Counters {
  joins = 0;
  forwards = 0;
  relayed = 0;
  bytes = 0;
  relayedBytes = 0;
  delays = 0;
  readonly #drops = new Map<DropCode, number>();

  forwarded(kind: "signal" | "relay", bytes: number): void {
    this.forwards++;
    this.bytes += bytes;
    if (kind === "signal") return;
    this.relayed++;
    this.relayedBytes += bytes;
  }

  drop(code: DropCode): void {
    this.#drops.set(code, (this.#drops.get(code) ?? 0) + 1);
  }

  get drops(): Partial<Record<DropCode, number>> {
    return Object.fromEntries(this.#drops);
  }
}
