/**
 * The ceilings of wire version 1. A receiver checks them before it takes memory; a sender can rely on anything below them
 * being accepted. Lengths are bytes unless the name says otherwise.
 */
export const limits = {
  /** One WebSocket message, either way. Room for an envelope that carries one relayed frame of {@link limits.frameBytes}. */
  packetBytes: 128 * 1024,
  /** One frame of a path: what every engine's data channel takes (RFC 8841 §6.1: 64 KiB where nothing else is agreed). */
  frameBytes: 64 * 1024,
  /** One message of an app, put together from its pieces. */
  messageBytes: 16 * 1024 * 1024,
  /** One message of the lossy lane, which isn't cut: what is lost of it is lost whole. */
  lossyBytes: 16_000,
  /** A sealed signal. The largest SDP seen, with every candidate in it, is under 8 KiB. */
  signalBytes: 32 * 1024,
  /** A signed card: fifty of them make the answer to a join. */
  cardBytes: 8 * 1024,
  /** A card's `meta`, once encoded. */
  cardMetaBytes: 4 * 1024,
  /** Names: of rooms, peers, protocols, message types, capabilities. Characters. */
  nameLength: 128,
  capabilities: 64,
  protocols: 64,
  versionsPerProtocol: 16,
  versionLength: 32,
  /** Candidates in one signal, and their length in characters. */
  candidates: 64,
  candidateLength: 512,
  iceServers: 16,
  iceUrlLength: 512,
  /** ICE addresses that a client uses, of all servers together. */
  iceUrls: 32,
  tokenLength: 8 * 1024,
  /** Peers that a `joined` may list. */
  roomPeers: 1024,
  /** Nesting of a MessagePack value. */
  depth: 32,
  /** Values (map keys included) in one MessagePack document. */
  items: 1 << 20,
  /** Types that one side of a link may bind to numbers. */
  boundTypes: 1024,
  /** Requests from one peer that may wait for an answer at once. */
  openRequests: 1024,
  /** Streams that one peer opened and that aren't over. */
  openStreams: 128,
} as const;
