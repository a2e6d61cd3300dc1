import type { IceServer } from "@skein/protocol";

/** A session description, before or after an engine's needs were met. */
export interface Description {
  readonly type: "offer" | "answer";
  readonly sdp: string;
}

/**
 * What drives data channels, and where it departs from the W3C's text. Pass one to `joinRoom` to use another than the
 * platform's own.
 */
export interface Engine {
  /** Told to others in our card; two engines of different kinds decide by it who offers. */
  readonly kind: string;
  readonly RTCPeerConnection: new (configuration?: RTCConfiguration) => RTCPeerConnection;
  /** A remote offer rolls back one of its own (W3C webrtc-pc §4.4.1.5). */
  readonly rollback: boolean;
  /** Restarts ICE, on either side's offer. It takes one that rolls back. */
  readonly restart: boolean;
  /** Changes a remote description before the engine gets it. */
  readonly adoptRemote?: (description: Description) => Description;
  /** Changes the list of ICE servers into what the engine understands. */
  readonly adoptIceServers?: (servers: readonly IceServer[]) => IceServer[];
}

/** The kind of every browser's own engine. */
export const browserKind = "browser";
