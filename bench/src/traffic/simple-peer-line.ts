import type SimplePeer from "simple-peer";
import { joinRelay } from "../open/relay-client.ts";
import type { Codec } from "./codec.ts";
import type { Line, Opening, Place } from "./line.ts";

/** Makes one; in Node over an engine that is passed to it. */
export type CreateSimplePeer = (options: SimplePeer.Options) => SimplePeer.Instance;

/** simple-peer, as the stream that it is: `write`, and `drain` where that says so. The newcomer initiates. */
export async function openSimplePeer(
  { url, room, role }: Place,
  codec: Codec<Uint8Array<ArrayBuffer>>,
  create: CreateSimplePeer,
): Promise<Opening> {
  let peer: SimplePeer.Instance | undefined;
  const relay = await joinRelay(`${url}/${room}`, (said) => peer?.signal(said as SimplePeer.SignalData));
  // By default it asks public STUN servers, which nobody here needs.
  peer = create({ initiator: role === "newcomer", config: { iceServers: [] } });
  peer.on("signal", (said) => relay.send(said));
  return { line: connected(peer).then((open) => lineOf(open, codec)) };
}

function connected(peer: SimplePeer.Instance): Promise<SimplePeer.Instance> {
  return new Promise((resolve, reject) => {
    peer.on("connect", () => resolve(peer));
    peer.on("error", reject);
  });
}

function lineOf(peer: SimplePeer.Instance, codec: Codec<Uint8Array<ArrayBuffer>>): Line {
  return {
    send(number) {
      // What it can't send at once it keeps: each message has bytes of its own.
      if (peer.write(codec.message(number).slice())) return undefined;
      return new Promise((resolve) => void peer.once("drain", resolve));
    },
    answer: (number) => void peer.write(codec.answer(number).slice()),
    listen(hear, fail) {
      peer.removeAllListeners("data");
      peer.on("data", (bytes: Uint8Array<ArrayBuffer>) => {
        try {
          hear(codec.numberOf(bytes));
        } catch (fault) {
          fail(fault);
        }
      });
    },
  };
}
