import { type Dialect, forwardBytes } from "./dialect.ts";
import { clientFrame, opcode } from "./frames.ts";
import { LoadSocket } from "./socket.ts";

const payload = "c".repeat(forwardBytes);
/** Engine.IO's packets (its protocol, version 4): 0 opens, 2 asks, 3 answers; 4 carries Socket.IO's, of which 0 connects and 2 is an event. */
const ping = Buffer.from("2");
const pong = textFrame("3");
const eventStart = Buffer.from('42["signal"');

/** Socket.IO over a WebSocket, as its own client speaks it where it is told to use no other transport. */
export function createSocketIoDialect(): Dialect {
  return {
    async join(url) {
      const socket = await LoadSocket.open(url, [], (asked) => (asked.equals(ping) ? pong : undefined));
      return { socket, id: await connected(socket) };
    },
    forwardTo: (_from, to) => textFrame(`42${JSON.stringify(["signal", to.id, payload])}`),
    classify: (bytes) => (bytes.subarray(0, eventStart.length).equals(eventStart) ? "forward" : "other"),
    heartbeat: undefined,
  };
}

function textFrame(text: string): Buffer {
  return clientFrame(opcode.text, Buffer.from(text));
}

/** Connects to the main namespace; gives the id that others know us by. */
function connected(socket: LoadSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.listen({
      receive: (bytes) => {
        const text = bytes.toString();
        if (text.startsWith("0")) socket.write(textFrame("40"));
        else if (text.startsWith("40")) resolve((JSON.parse(text.slice(2)) as { readonly sid: string }).sid);
      },
      lost: (reason) => reject(new Error(reason)),
    });
  });
}
