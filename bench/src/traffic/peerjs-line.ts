import { type DataConnection, Peer } from "peerjs";
import type { Cargo } from "./cargo.ts";
import { bytesCodec, type Codec, noteCodec } from "./codec.ts";
import { drained, limitBuffer } from "./drain.ts";
import type { Line, Opening, Place } from "./line.ts";

/** PeerJS with its binary serialisation, against a peerjs-server. The newcomer connects. */
export async function openPeerJs({ url, room, role, cargo }: Place): Promise<Opening> {
  const { hostname: host, port } = new URL(url);
  const hostId = `host-of-${room}`;
  const options = { host, port: Number(port), path: "/", config: { iceServers: [] } };
  const peer = new Peer(role === "host" ? hostId : `newcomer-of-${room}`, options);
  await new Promise((resolve, reject) => {
    peer.once("open", resolve);
    peer.once("error", reject);
  });
  const connection = role === "host" ? accepted(peer) : Promise.resolve(peer.connect(hostId, { reliable: true }));
  return { line: connection.then(opened).then((open) => lineOfCargo(open, cargo)) };
}

function accepted(peer: Peer): Promise<DataConnection> {
  return new Promise((resolve) => void peer.once("connection", resolve));
}

function opened(connection: DataConnection): Promise<DataConnection> {
  if (connection.open) return Promise.resolve(connection);
  return new Promise((resolve) => void connection.once("open", () => resolve(connection)));
}

function lineOfCargo(connection: DataConnection, cargo: Cargo): Line {
  return cargo.kind === "note" ? lineOf(connection, noteCodec(cargo)) : lineOf(connection, bytesCodec(cargo));
}

function lineOf<Body>(connection: DataConnection, codec: Codec<Body>): Line {
  const channel = connection.dataChannel;
  // Its own queue asks again every 50 ms: it is never let fill.
  limitBuffer(channel);
  return {
    send(number) {
      void connection.send(codec.message(number));
      return drained(channel);
    },
    answer: (number) => void connection.send(codec.answer(number)),
    listen(hear, fail) {
      connection.removeAllListeners("data");
      connection.on("data", (body) => {
        try {
          hear(codec.numberOf(fromBinaryPack(body) as Body));
        } catch (fault) {
          fail(fault);
        }
      });
    },
  };
}

/** Bytes come as an ArrayBuffer, whatever they were. */
function fromBinaryPack(body: unknown): unknown {
  return body instanceof ArrayBuffer ? new Uint8Array(body) : body;
}
