import { randomUUID } from "node:crypto";
import { type Dialect, forwardBytes } from "./dialect.ts";
import { clientFrame, opcode } from "./frames.ts";
import { LoadSocket } from "./socket.ts";

const data = "c".repeat(forwardBytes);
const publishStart = Buffer.from('{"type":"publish"');

/**
 * The language of y-webrtc's signalling server, which knows topics alone: each member subscribes to one of its own, so that what is
 * published there reaches it and nobody else.
 */
export function createYWebrtcDialect(): Dialect {
  return {
    async join(url) {
      const id = randomUUID();
      const socket = await LoadSocket.open(url);
      socket.write(frameOf({ type: "subscribe", topics: [id] }));
      socket.write(frameOf({ type: "ping" }));
      await answered(socket);
      return { socket, id };
    },
    forwardTo: (_from, to) => frameOf({ type: "publish", topic: to.id, data }),
    classify: (bytes) => (bytes.subarray(0, publishStart.length).equals(publishStart) ? "forward" : "other"),
    heartbeat: undefined,
  };
}

function frameOf(message: object): Buffer {
  return clientFrame(opcode.text, Buffer.from(JSON.stringify(message)));
}

/** It says nothing to a subscription. What comes behind it is answered after it. */
function answered(socket: LoadSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.listen({ receive: () => resolve(), lost: (reason) => reject(new Error(reason)) });
  });
}
