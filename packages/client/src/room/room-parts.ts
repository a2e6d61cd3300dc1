import type { Card, Ed25519, IceServer } from "@skein/protocol";
import type { NetworkWatch } from "../network/network-watch.js";
import type { Pulse } from "../pulse.js";
import type { OwnCard } from "./own-card.js";
import type { RemotePeerWorld } from "./remote-peer-world.js";
import type { SealingKeys } from "./secure-channel.js";

/** What `joinRoom` puts together for a room. */
export interface RoomParts {
  readonly name: string;
  readonly ownCard: OwnCard;
  readonly admit: (card: Card) => boolean;
  /** Of the platform, where undefined. */
  readonly ed25519: Ed25519 | undefined;
  readonly iceServers: readonly IceServer[];
  readonly keys: SealingKeys;
  readonly network: NetworkWatch;
  readonly pulse: Pulse;
  readonly world: Pick<RemotePeerWorld, "engine" | "clock" | "random" | "roll" | "protocols" | "paths">;
}
