import { jsonCodec } from "./codec.ts";
import type { Opening, Place } from "./line.ts";
import { openRaw } from "./raw-line.ts";

/**
 * A data channel whose messages are JSON.
 * @throws {Error} for blocks, which nobody would send so
 */
export async function openRawJson(place: Place, PeerConnection: new () => RTCPeerConnection): Promise<Opening> {
  if (place.cargo.kind !== "note") throw new Error("Blocks of bytes aren't sent as JSON.");
  return openRaw(place, jsonCodec(place.cargo), PeerConnection);
}
