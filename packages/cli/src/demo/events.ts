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
export const leftEvent = v.object({ peer: v.object({ id: v.string(), name: v.optional(v.string()) }) });
export const servedEvent = v.object({ op: v.string(), to: v.string(), file: v.optional(v.string()) });

const hit = v.object({ file: v.string(), line: v.number(), text: v.string(), peer: v.string(), name: v.string() });
export type FoundHit = v.InferOutput<typeof hit>;

export const foundEvent = v.object({
  hits: v.array(hit),
  agents: v.number(),
  files: v.number(),
  failed: v.array(v.string()),
  ms: v.number(),
});
export type Found = v.InferOutput<typeof foundEvent>;

export const locatedEvent = v.object({ file: v.string(), from: v.string(), name: v.string() });
export const listEvent = v.object({
  files: v.array(v.object({ name: v.string(), bytes: v.number(), peer: v.string() })),
});

export const gotEvent = v.object({
  file: v.string(),
  path: v.string(),
  from: v.string(),
  name: v.string(),
  bytes: v.number(),
  sha256: v.string(),
  verified: v.boolean(),
  ms: v.number(),
});
export type Got = v.InferOutput<typeof gotEvent>;

export const progressEvent = v.object({ bytes: v.number() });
