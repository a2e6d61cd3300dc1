import type { Card, MessengerPeer, PeerId } from "@skein/protocol";
import type { PathKind } from "../core/path-chooser.js";
import type { LinkTraffic } from "../link/traffic.js";

/** Another member of the room. The same object for as long as it is there; its fields tell how things are now. */
export interface Peer extends MessengerPeer {
  readonly id: PeerId;
  /** What it says of itself, signed by it. */
  readonly card: Card;
  /** `connecting`: no link yet, or none at the moment · `connected`: messages go · `gone`: it left. */
  readonly state: "connecting" | "connected" | "gone";
  /** How its frames travel now. */
  readonly path: PathKind | undefined;
  /** The smoothed round trip of the link, in milliseconds. */
  readonly rttMs: number | undefined;
  /** How long the first link took, from seeing the peer to messages going, in milliseconds. */
  readonly openMs: number | undefined;
  /** What went through its links. */
  readonly traffic: LinkTraffic;
}
