import { defineProtocol, joinRoom, type MessageDefinition, message, type Peer, type Room } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";
import * as v from "valibot";
import type { Cargo } from "./cargo.ts";
import { bytesCodec, type Codec, noteCodec } from "./codec.ts";
import type { Line, Opening, Place } from "./line.ts";

const protocol = defineProtocol("skein.bench", "1.0.0", {
  note: message(v.object({ number: v.number(), text: v.string() })),
  block: message(v.instance(Uint8Array<ArrayBuffer>), { lane: "bulk" }),
});

/** A room, as any app would have it: the body is checked against its schema on both sides. */
export async function openSkein(place: Place): Promise<Opening> {
  const { url, room: name, cargo, way } = place;
  const paths = way === "skein-relay" ? [relayFallback({ policy: "only" })] : [];
  const room = await joinRoom({ server: url, room: name, protocols: [protocol], paths });
  return { line: connected(room).then((peer) => lineOfCargo(room, peer, cargo)) };
}

function connected(room: Room): Promise<Peer> {
  const [there] = room.peers.values();
  if (there?.state === "connected") return Promise.resolve(there);
  return new Promise((resolve) => {
    room.on("peer-connected", resolve);
  });
}

function lineOfCargo(room: Room, peer: Peer, cargo: Cargo): Line {
  return cargo.kind === "note"
    ? lineOf(room, peer, protocol.note, noteCodec(cargo))
    : lineOf(room, peer, protocol.block, bytesCodec(cargo));
}

function lineOf<Body>(room: Room, peer: Peer, definition: MessageDefinition<Body, Body>, codec: Codec<Body>): Line {
  let stopListening = () => {};
  return {
    send: (number) => room.send(peer, definition, codec.message(number)),
    answer: (number) => void room.send(peer, definition, codec.answer(number)),
    listen(hear, fail) {
      stopListening();
      stopListening = room.handle(definition, (body) => {
        try {
          hear(codec.numberOf(body));
        } catch (fault) {
          fail(fault);
        }
      });
    },
  };
}
