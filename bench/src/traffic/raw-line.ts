import { RawConnection } from "../open/raw-connection.ts";
import type { Codec } from "./codec.ts";
import { drained, limitBuffer } from "./drain.ts";
import type { Line, Opening, Place } from "./line.ts";

type RawMessage = string | Uint8Array<ArrayBuffer>;

/** A data channel and nothing above it. Texts are sent as texts, bytes as bytes: one message, one send. */
export async function openRaw(
  { url, room, role }: Place,
  codec: Codec<RawMessage>,
  PeerConnection: new () => RTCPeerConnection,
): Promise<Opening> {
  const connection = new RawConnection(`${url}/${room}`, PeerConnection);
  const accepted = role === "host" ? connection.accept() : undefined;
  await connection.connect();
  return { line: (accepted ?? connection.offer()).then(opened).then((channel) => lineOf(channel, codec)) };
}

function opened(channel: RTCDataChannel): Promise<RTCDataChannel> {
  if (channel.readyState === "open") return Promise.resolve(channel);
  return new Promise((resolve) => {
    channel.onopen = () => resolve(channel);
  });
}

function lineOf(channel: RTCDataChannel, codec: Codec<RawMessage>): Line {
  channel.binaryType = "arraybuffer";
  limitBuffer(channel);
  // Two calls, since the types know no channel that takes either.
  const send = (message: RawMessage) => (typeof message === "string" ? channel.send(message) : channel.send(message));
  return {
    send(number) {
      send(codec.message(number));
      return drained(channel);
    },
    answer: (number) => send(codec.answer(number)),
    listen(hear, fail) {
      channel.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
        try {
          hear(codec.numberOf(typeof data === "string" ? data : new Uint8Array(data)));
        } catch (fault) {
          fail(fault);
        }
      };
    },
  };
}
