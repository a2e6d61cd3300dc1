import type { Card, ForwardClass, IceServer, PeerId, ProtocolVersions, RandomBytes, Rejected } from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { Engine } from "../engine/engine.js";
import type { Handler } from "../link/handlers.js";
import type { StreamHandler } from "../link/streams.js";
import type { PathProvider } from "./path-provider.js";
import type { RemotePeer } from "./remote-peer.js";
import type { RoomEvents } from "./room-events.js";

/** What a remote peer needs of its room. */
export interface RemotePeerWorld {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly roll: () => number;
  readonly protocols: ProtocolVersions;
  /** Other paths than the direct one. */
  readonly paths: readonly PathProvider[];
  readonly ourCard: () => Card;
  readonly iceServers: () => readonly IceServer[];
  /** Whether signals go, as far as we know. */
  canSignal(): boolean;
  forward(to: PeerId, kind: ForwardClass, envelope: Uint8Array): boolean;
  readonly handlerOf: (name: string) => Handler | undefined;
  readonly streamHandlerOf: (name: string) => StreamHandler | undefined;
  /** Tells the app. */
  readonly emit: <Name extends keyof RoomEvents>(name: Name, event: RoomEvents[Name]) => void;
  /** The peer itself said that it leaves, or nothing holds it here any more. */
  gone(peer: RemotePeer, reason: string): void;
  rejected(rejection: Rejected, from: PeerId): void;
}
