import { ByteReader, varintBytes, writeVarint } from "../codec/varint.js";
import { accept, type Decoded, reject } from "../decoded.js";
import { limits } from "../limits.js";

/** What an envelope of content 2 holds: a frame of a link, on a channel through the server. */
export interface RelayPacket {
  /** Rises with each channel of a pair. A channel loses nothing: where something was lost, the next begins. */
  readonly channel: number;
  /** How many frames its sender had sent on the channel before. */
  readonly index: number;
  /** How many bytes of frames its sender has received on the channel. */
  readonly received: number;
  /** Of no bytes where there is nothing to say but what was received: then it isn't counted. */
  readonly frame: Uint8Array;
}

/** A relayed packet's bytes, before they are sealed. */
export function encodeRelayPacket({ channel, index, received, frame }: RelayPacket): Uint8Array {
  const headBytes = varintBytes(channel) + varintBytes(index) + varintBytes(received);
  const head: number[] = [];
  for (const value of [channel, index, received]) writeVarint(head, value);
  const body = new Uint8Array(headBytes + frame.length);
  body.set(head);
  body.set(frame, headBytes);
  return body;
}

/** Reads a relay packet. The frame is a view of the body. Rejections: `malformed`, `over-limit`. */
export function decodeRelayPacket(body: Uint8Array): Decoded<RelayPacket> {
  const reader = new ByteReader(body);
  const [channel, index, received] = [reader.varint(), reader.varint(), reader.varint()];
  const frame = reader.rest();
  if (reader.failed) return reject("malformed", "a relayed frame without its head");
  return frame.length > limits.frameBytes
    ? reject("over-limit", `a relayed frame of over ${limits.frameBytes} bytes`)
    : accept({ channel, index, received, frame });
}
