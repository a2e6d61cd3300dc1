import type { SignedCard } from "@skein/protocol";

/** A node of the server: 16 random bytes of each start, as a string of as many characters. */
export type NodeId = string;
/** What stands for a room between nodes: 16 bytes of a hash of its name, as a string of as many characters. */
export type RoomKey = string;

/** Why a node has a peer no longer. `moved`: another node has it. */
export type GoneReason = "left" | "lost" | "replaced" | "moved";

/** A node says that a peer is with it. */
export interface Claim {
  readonly card: SignedCard;
  /** Of the latest join or return; see {@link StampClock}. */
  readonly stamp: number;
  /** Its socket is lost, and its place is kept. */
  readonly away: boolean;
}

/** A claim that was read. */
export interface ReadClaim extends Claim {
  /** As a place's; so are the next two. */
  readonly key: string;
  readonly box: string;
  readonly n: number;
}

export type Change<AClaim = Claim> =
  | { readonly type: "claim"; readonly claim: AClaim }
  /** The same with the card that was told. */
  | { readonly type: "seat"; readonly key: string; readonly stamp: number; readonly away: boolean }
  | { readonly type: "gone"; readonly key: string; readonly reason: GoneReason };

/** How far a node has come with a room: a number that rises with each change. */
export type RoomState = readonly [RoomKey, number];

/** What nodes tell each other. `AClaim` is {@link ReadClaim} where it came from another. */
export type NodesMessage<AClaim = Claim> =
  /**
   * A sign of life. `rooms` are all rooms of the node whose key begins with a byte from `first` on, `span` of them: what isn't listed it
   * doesn't have.
   */
  | {
      readonly type: "beat";
      readonly stamp: number;
      /** The highest state of any room: what is known beyond it is newer than this message. */
      readonly state: number;
      /** The others shall tell all their rooms, for the node may have missed something. */
      readonly asks: boolean;
      readonly first: number;
      readonly span: number;
      readonly rooms: readonly RoomState[];
    }
  /** What happened in a room. `before` is the state that it changes. */
  | {
      readonly type: "change";
      readonly room: RoomKey;
      readonly before: number;
      readonly state: number;
      readonly change: Change<AClaim>;
    }
  /** Whoever has these rooms shall say who is in them. */
  | { readonly type: "ask"; readonly rooms: readonly RoomKey[] }
  /** All whom a node has in a room, in so many parts. */
  | {
      readonly type: "snapshot";
      readonly room: RoomKey;
      readonly state: number;
      readonly part: number;
      readonly parts: number;
      readonly claims: readonly AClaim[];
    }
  /** An operator sends a peer away, from one room or from all, and keeps it out for so long. */
  | { readonly type: "remove"; readonly key: string; readonly room: RoomKey | undefined; readonly forMs: number }
  /** The node ends. */
  | { readonly type: "bye" };
