import type { ProtocolVersions, Rejected, SkeinError } from "@skein/protocol";
import type { lossyLane } from "../core/lossy-lane.js";
import type { PathKind } from "../core/path-chooser.js";

/** What a link tells of one of its paths. `opened`: both sides said HELLO. */
export type PathNews = "opened" | "trusted" | "suspect" | "down";

/** What a link tells whoever holds it. */
export interface LinkListener {
  /** The other side is known: messages can go. Again after each {@link LinkListener.lost}. */
  up(theirs: ProtocolVersions, features: readonly string[]): void;
  /** The next message of a lane, {@link lossyLane} among them. Until what it gives has settled, it counts against the window; undefined is at once. */
  message(lane: number, message: Uint8Array): Promise<unknown> | undefined;
  /** Other paths carry the link than before, or none does any more. */
  pathChanged(reason: string): void;
  /** Something became of a path. */
  pathNews(kind: PathKind, news: PathNews, reason: string): void;
  /** The other side forgot this conversation, or broke it: what wasn't acknowledged is lost. The next path begins a new one. */
  lost(error: SkeinError): void;
  /** The other side said that it leaves. */
  left(): void;
  rejected(rejection: Rejected): void;
}
