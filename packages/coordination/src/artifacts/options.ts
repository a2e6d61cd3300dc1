import type { PeerId, RandomBytes } from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { Claim } from "./core/catalogue.js";
import type { ArtifactId } from "./core/content-id.js";
import type { DropReason, FetchCounts } from "./core/fetch-events.js";
import type { FetchProgress } from "./fetch.js";
import type { Sha256 } from "./sha256.js";
import type { ArtifactStore } from "./stores/store.js";

/** Where artifacts are kept, and how much of them. */
export interface ArtifactsOptions {
  /** Where they are kept. Default: in memory. It is closed with us. */
  readonly store?: ArtifactStore;
  /** The most that is kept, what is on its way included. Default 1 GiB. */
  readonly quotaBytes?: number;
  /** For simulated worlds. */
  readonly clock?: Clock;
  /** For simulated worlds. */
  readonly random?: RandomBytes;
  /** Another SHA-256 than the platform's. */
  readonly sha256?: Sha256;
}

/** An artifact that we have. */
export interface Artifact {
  readonly id: ArtifactId;
  readonly bytes: number;
  readonly meta?: unknown;
}

/** How long a fetch may wait, and what it tells meanwhile. */
export interface FetchOptions {
  /** Ends the wait with `aborted`. What came stays for another time. */
  readonly signal?: AbortSignal;
  /** Told as bytes come. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /** How long to wait while nobody has it: whoever had it may come back, with the rest. Default 30,000. */
  readonly nobodyMs?: number;
}

/** What to look for: an id, words of the meta that are the same, or whatever a function says. */
export interface ArtifactQuery {
  readonly id?: string;
  /** Each of these keys has this value in the meta. */
  readonly meta?: Readonly<Record<string, string | number | boolean | null>>;
  /** Whatever else has to be so of what a holder says. */
  readonly where?: (claim: Claim) => boolean;
}

/** What is told of artifacts. */
export type ArtifactEvents = {
  /** Somebody says that it has one. */
  announced: { readonly id: ArtifactId; readonly bytes: number; readonly meta?: unknown; readonly holder: PeerId };
  /** Somebody has it no more, or can't be reached. */
  forgotten: { readonly id: ArtifactId; readonly holder: PeerId };
  /** A holder was dropped from a fetch. `lied`: it sent bytes that aren't the artifact's. */
  "holder-dropped": { readonly id: ArtifactId; readonly holder: PeerId; readonly reason: DropReason };
  /** Somebody got a chunk of us. */
  served: { readonly id: ArtifactId; readonly to: PeerId; readonly bytes: number };
  fetched: { readonly id: ArtifactId; readonly counts: FetchCounts };
};
