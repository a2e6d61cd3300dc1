import { randomUUID } from "node:crypto";
import { type Dialect, forwardBytes } from "./dialect.ts";
import { clientFrame, opcode } from "./frames.ts";
import { LoadSocket } from "./socket.ts";

/** PeerJS's messages, as its own client sends them. */
export function createPeerJsDialect(): Dialect {
  const candidate = "c".repeat(forwardBytes);
  return {
    async join(url) {
      const id = randomUUID();
      const socket = await LoadSocket.open(`${url}?key=peerjs&id=${id}&token=${randomUUID().slice(0, 8)}`);
      await opened(socket);
      return { socket, id };
    },
    forwardTo: (_from, to) => frameOf({ type: "CANDIDATE", payload: candidate, dst: to.id }),
    classify: (payload) => (payload.subarray(0, candidateStart.length).equals(candidateStart) ? "forward" : "other"),
    heartbeat: frameOf({ type: "HEARTBEAT" }),
  };
}

/** How the server begins what it forwards. */
const candidateStart = Buffer.from('{"type":"CANDIDATE"');

function frameOf(message: object): Buffer {
  return clientFrame(opcode.text, Buffer.from(JSON.stringify(message)));
}

function opened(socket: LoadSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.listen({
      receive: (payload) => {
        const { type } = JSON.parse(payload.toString()) as { readonly type: string };
        if (type === "OPEN") resolve();
        else reject(new Error(`The server said ${type} instead of OPEN.`));
      },
      lost: (reason) => reject(new Error(reason)),
    });
  });
}
