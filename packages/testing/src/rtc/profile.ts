/**
 * How an engine departs from the W3C's text, and how long it takes to notice things. The contract holds each to its real engine; see
 * `docs/engines.md`.
 */
export interface EngineProfile {
  /** As in `Engine.kind`. */
  readonly kind: string;
  /** A remote offer rolls back one of its own. */
  readonly rollback: boolean;
  /** It restarts ICE. */
  readonly restart: boolean;
  /** How long nothing may come back over the path until it says `disconnected`. */
  readonly disconnectedMs: number;
  /** The same until it says `failed`. */
  readonly failedMs: number;
  /** How long it checks pairs until it says `failed`. */
  readonly checkingMs: number;
  /** It closes its channels where so long nothing of what is under way was acknowledged. */
  readonly stuckMs: number;
  /** An address that vanishes closes its channels at once. */
  readonly diesWithAddress: boolean;
  /** What becomes of an end of candidates before there is a remote description. */
  readonly earlyEnd: "refused" | "taken";
  /** What becomes of a candidate that is another description's. */
  readonly strayCandidate: "refused" | "ignored";
  /** What becomes of a candidate that can't be read. */
  readonly unreadableCandidate: "refused" | "ignored";
  /** Whether `bufferedAmount` has what is sent at once, as it should, or only what waits after that. */
  readonly buffered: "at once" | "later";
  /** What may wait in a channel, in bytes. */
  readonly bufferMostBytes: number;
  /** What becomes of a message for a channel that has said that it is closed. */
  readonly sendToClosed: "refused" | "taken";
}

/** Chromium's timings: ICE says `failed` some 15 s after the cut, SCTP never gives up. */
export const chromium: EngineProfile = {
  kind: "browser",
  rollback: true,
  restart: true,
  disconnectedMs: 5_000,
  failedMs: 15_000,
  checkingMs: 15_000,
  stuckMs: Number.POSITIVE_INFINITY,
  diesWithAddress: false,
  earlyEnd: "taken",
  strayCandidate: "ignored",
  unreadableCandidate: "refused",
  buffered: "at once",
  bufferMostBytes: 16 * 1024 * 1024,
  sendToClosed: "refused",
};

export const firefox: EngineProfile = {
  ...chromium,
  failedMs: 11_000,
  diesWithAddress: true,
  earlyEnd: "refused",
  strayCandidate: "refused",
  unreadableCandidate: "ignored",
  bufferMostBytes: Number.POSITIVE_INFINITY,
  sendToClosed: "taken",
};

/**
 * node-datachannel (libjuice, usrsctp): no rollback, no restart; with data in flight it closes 12.7 s into an outage. What its polyfill
 * does in other ways than the text is in `self-negotiating-connection.ts`.
 */
export const nodeDataChannel: EngineProfile = {
  kind: "node-datachannel",
  rollback: false,
  restart: false,
  disconnectedMs: 10_000,
  failedMs: 40_000,
  checkingMs: 30_000,
  stuckMs: 12_700,
  diesWithAddress: false,
  earlyEnd: "taken",
  strayCandidate: "ignored",
  unreadableCandidate: "refused",
  buffered: "later",
  bufferMostBytes: Number.POSITIVE_INFINITY,
  sendToClosed: "refused",
};

/** What each simulated engine does otherwise than the specification says. */
export const engineProfiles = { chromium, firefox, "node-datachannel": nodeDataChannel } as const;
/** The engines that are simulated. */
export type EngineName = keyof typeof engineProfiles;
