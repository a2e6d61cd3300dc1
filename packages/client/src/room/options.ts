import type { Card, Ed25519, Identity, Protocol, RandomBytes } from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { ServerOrder } from "../core/server-choice.js";
import type { Engine } from "../engine/engine.js";
import type { NetworkWatch } from "../network/network-watch.js";
import type { Signaling } from "../signaling/signaling.js";
import type { PathProvider } from "./path-provider.js";

/** What {@link joinRoom} is given: where, as whom, and what is spoken. */
export interface JoinOptions {
  /**
   * The server's address, `wss://example.org/skein`; or those of several, up to 16, one of which is enough: where it is lost or stops, the
   * next is gone to, and links don't notice. This, or `signaling`.
   */
  readonly server?: string | readonly string[];
  /**
   * Which of several servers to go to. Default `listed`: the first of the list that answers, so that all who have the same list meet.
   * `by-room`: each room has an order of its own, made of its name and the addresses: all who have the same addresses meet, however they list
   * them, and rooms are spread over the servers. For nodes of one server above all.
   * `nearest`, whichever answers first, and `any`, one by chance and then in turn, are for servers that know of each other.
   */
  readonly serverOrder?: ServerOrder;
  /** Another way for peers to find each other: between tabs, in memory, or your own. */
  readonly signaling?: Signaling;
  /** The room's name: 1 to 128 characters. Whoever joins the same name on the same server is in the same room. */
  readonly room: string;
  /** Who we are. Made afresh unless given; keep one with `saveIdentity` and `loadIdentity`. */
  readonly identity?: Identity;
  /** For servers that ask for one. Called at each connection, so that it may be renewed. */
  readonly token?: () => string | Promise<string>;
  /**
   * A secret that all members share and the server never sees. Whoever lacks it can't be linked to. 16 random bytes or
   * more; a guessable word can be guessed by the server.
   */
  readonly secret?: string;
  /** The app protocols we speak. */
  readonly protocols?: readonly Protocol<any>[];
  /** For people, shown to others. */
  readonly name?: string;
  /** What we can do, in the app's words, shown to others. */
  readonly capabilities?: readonly string[];
  /** Anything else others should know, as plain data of up to 4 KiB. */
  readonly meta?: unknown;
  /** Whether to have a link with a peer at all: asked before any signal of it is answered. Default: everyone. */
  readonly admit?: (card: Card) => boolean;
  /** ICE servers beside those that the server names. */
  readonly iceServers?: readonly RTCIceServer[];
  /** Other ways for frames than the direct path, which is built in: `relayFallback()` of `@skein/relay-fallback`. */
  readonly paths?: readonly PathProvider[];
  /** Another engine than the platform's own. */
  readonly engine?: Engine;
  /** Ends the join while it is under way. */
  readonly signal?: AbortSignal;
  /** For simulated worlds. */
  readonly clock?: Clock;
  /** For simulated worlds. */
  readonly network?: NetworkWatch;
  /** For simulated worlds. */
  readonly random?: RandomBytes;
  /** Checks signatures in place of the platform's own Ed25519; an identity that signs by it is made with it. */
  readonly ed25519?: Ed25519;
}

/** What of our card can change while we are in the room. */
export type CardUpdate = Pick<JoinOptions, "name" | "capabilities" | "meta">;
