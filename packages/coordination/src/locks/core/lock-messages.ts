/** What a holder says to the leader. `n` numbers all that it says; leases count from when the number was sent. */
export type HolderMessage =
  /** I want it, and have waited so long; said again and again while I wait. */
  | {
      readonly t: "ask";
      readonly lock: string;
      readonly claim: number;
      readonly n: number;
      readonly leaseMs: number;
      readonly waitedMs: number;
    }
  /** I hold it, and go on. */
  | {
      readonly t: "renew";
      readonly lock: string;
      readonly claim: number;
      readonly n: number;
      readonly leaseMs: number;
      readonly token: string;
    }
  /** I don't want it any more, or am done with it. */
  | { readonly t: "free"; readonly lock: string; readonly claim: number };

/** What the leader says to a holder: as an answer to the latest number of its that came. */
export type LeaderMessage =
  | { readonly t: "granted"; readonly lock: string; readonly claim: number; readonly n: number; readonly token: string }
  /** You don't hold it (any more), or can't. */
  | { readonly t: "denied"; readonly lock: string; readonly claim: number; readonly reason: DenialReason };

/** `lost`: it went to another, or the lease was over · `too-long`: no lease lasts that long · `too-many`: as many wait as may. */
export type DenialReason = "lost" | "too-long" | "too-many";
