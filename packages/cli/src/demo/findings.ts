import type { Hit } from "../crew/protocol.js";

/** A hit, and whose it is. */
export type FoundHit = Hit & { readonly name: string };

/** What a search found. */
export interface Found {
  readonly hits: readonly FoundHit[];
  /** Agents that looked, and the files they looked into. */
  readonly agents: number;
  readonly files: number;
  /** Sets of files that nobody looked into. */
  readonly failed: number;
  readonly ms: number;
}

/** A file that was fetched. */
export interface Got {
  readonly file: string;
  readonly path: string;
  /** Who held it. */
  readonly from: readonly string[];
  readonly bytes: number;
  /** The id that each piece was checked against. */
  readonly artifact: string;
  readonly sha256: string;
  readonly ms: number;
}
