import type { PeerId } from "@skein/protocol";

export type FetchEvent =
  /** It says that it has it, and can be reached. */
  | { readonly type: "holder"; readonly holder: PeerId }
  | { readonly type: "lost"; readonly holder: PeerId }
  /** A list came from it: `right` where it is that of the id. */
  | { readonly type: "list"; readonly holder: PeerId; readonly is: "right" | "wrong" }
  /** What we had of the chunks before was looked through, and the rest can begin. */
  | { readonly type: "begin"; readonly chunks: number; readonly missing: readonly number[] }
  /** A chunk came from it. `right`: its hash is, and it is in the store. */
  | { readonly type: "chunk"; readonly holder: PeerId; readonly index: number; readonly is: "right" | "wrong" }
  /** It hasn't got it any more. */
  | { readonly type: "lacks"; readonly holder: PeerId }
  | { readonly type: "woke" };

/** Why a fetch asks a holder for nothing any more. */
export type DropReason =
  /** What it sent isn't what the id says. */
  | "lied"
  | "lacks"
  /** It said nothing for too long. */
  | "silent";

export type FetchEffect =
  | { readonly type: "ask-list"; readonly holder: PeerId }
  | { readonly type: "ask"; readonly holder: PeerId; readonly chunks: readonly number[] }
  /** It is asked for nothing any more in this fetch. */
  | { readonly type: "drop"; readonly holder: PeerId; readonly reason: DropReason }
  | { readonly type: "done" }
  /** Nobody has had it for `nobodyMs`. */
  | { readonly type: "failed" };

/** Why chunks were asked for more than once, and what came for nothing. */
export interface FetchCounts {
  readonly asked: number;
  /** Asked for again: its holder was lost, dropped, or brought something else. */
  readonly again: number;
  /** Asked of a second holder while the first, much slower one still has it: at the end, when there is nothing else to ask for. */
  readonly overtaken: number;
  /** Came a second time, and was dropped. */
  readonly late: number;
}
