import * as v from "valibot";

// What the demo reads of its agents' events.

export const listeningEvent = v.object({ url: v.string(), page: v.optional(v.string()) });

export const joinedEvent = v.object({
  peer: v.string(),
  share: v.object({ files: v.number(), bytes: v.number() }),
});

const peer = v.object({
  id: v.string(),
  name: v.optional(v.string()),
  engine: v.nullable(v.string()),
  state: v.string(),
  path: v.nullable(v.string()),
  rttMs: v.nullable(v.number()),
  openMs: v.nullable(v.number()),
  traffic: v.object({ bytesSent: v.number(), bytesReceived: v.number() }),
  bytesPerSecond: v.optional(v.number(), 0),
  peakBytesPerSecond: v.optional(v.number(), 0),
});
export type PeerReport = v.InferOutput<typeof peer>;

export const peersEvent = v.object({ peers: v.array(peer) });
export const peerEvent = v.object({ peer });

export const servedEvent = v.object({ op: v.string(), to: v.string(), file: v.optional(v.string()) });
