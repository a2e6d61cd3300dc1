import type { PathKind } from "../core/path-chooser.js";

/**
 * What went through a link. Bytes are of frames, as the paths carried them; those through the relay are counted again apart. Messages
 * are all that the link delivered whole: requests, answers and what gives a type its number among them.
 */
export interface LinkTraffic {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly relayBytesSent: number;
  readonly relayBytesReceived: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Lossy ones that didn't go: there was no path, or too much waited on it. They aren't among those that were sent. */
  readonly messagesDropped: number;
}

export const noTraffic: LinkTraffic = {
  bytesSent: 0,
  bytesReceived: 0,
  relayBytesSent: 0,
  relayBytesReceived: 0,
  messagesSent: 0,
  messagesReceived: 0,
  messagesDropped: 0,
};

/** What one path carried. */
export function pathTraffic(kind: PathKind, bytes: { sent: number; received: number }): Partial<LinkTraffic> {
  const { sent, received } = bytes;
  const relayed = kind === "relay" ? { relayBytesSent: sent, relayBytesReceived: received } : {};
  return { bytesSent: sent, bytesReceived: received, ...relayed };
}

export function addTraffic(total: LinkTraffic, more: Partial<LinkTraffic>): LinkTraffic {
  const sum = { ...total };
  for (const field of Object.keys(noTraffic) as (keyof LinkTraffic)[]) {
    (sum as Record<keyof LinkTraffic, number>)[field] += more[field] ?? 0;
  }
  return sum;
}
