import { expect, it } from "vitest";
import { DirectWire } from "./direct-wire.js";

it("what is said on a channel that the peer has closed is lost, and ends nothing", () => {
  const channel = {
    send() {
      throw new Error("DataChannel is closed");
    },
  } as unknown as RTCDataChannel;
  const connection = { close() {} } as unknown as RTCPeerConnection;
  const wire = new DirectWire({ generation: 1, connection, channel, lossy: undefined });
  const frames: unknown[] = [];
  wire.listen((frame) => frames.push(frame));
  expect(() => wire.send(Uint8Array.of(4, 1, 1))).not.toThrow();
  channel.onclose?.(new Event("close"));
  expect(frames).toEqual([undefined]);
});
