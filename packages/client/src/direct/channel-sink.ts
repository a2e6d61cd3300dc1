import type { FrameSink } from "../link/frame-writer.js";

/** A data channel as a path's sink, and beside it, for as long as it is open, the channel of the lossy lane. */
export function channelSink(channel: RTCDataChannel, lossy: RTCDataChannel | undefined): FrameSink {
  const lossySink = lossy && sinkOf(lossy);
  return {
    get bufferedAmount() {
      return channel.bufferedAmount;
    },
    send: (frame) => channel.send(frame as Uint8Array<ArrayBuffer>),
    get lossy() {
      return lossy?.readyState === "open" ? lossySink : undefined;
    },
  };
}

function sinkOf(lossy: RTCDataChannel): FrameSink {
  return {
    get bufferedAmount() {
      return lossy.bufferedAmount;
    },
    send(frame) {
      try {
        lossy.send(frame as Uint8Array<ArrayBuffer>);
      } catch {
        // What is lossy may be lost: the path lives by its other channel.
      }
    },
  };
}
