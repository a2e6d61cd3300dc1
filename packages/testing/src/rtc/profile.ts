/** How an engine departs from the text, and how long it takes to notice things. Measured on real ones; see docs. */
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
};

export const firefox: EngineProfile = { ...chromium, failedMs: 11_000, diesWithAddress: true };

/** node-datachannel (libjuice, usrsctp): no rollback, no restart; with data in flight it closes 12.7 s into an outage. */
export const nodeDataChannel: EngineProfile = {
  kind: "node-datachannel",
  rollback: false,
  restart: false,
  disconnectedMs: 10_000,
  failedMs: 40_000,
  checkingMs: 30_000,
  stuckMs: 12_700,
  diesWithAddress: false,
};

export const engineProfiles = { chromium, firefox, "node-datachannel": nodeDataChannel } as const;
export type EngineName = keyof typeof engineProfiles;
