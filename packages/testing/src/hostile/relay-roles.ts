import type { RelayPacket } from "@skein/protocol";
import { lyingHello } from "./lying-frames.js";
import { type Mark, peerRoles } from "./peer-roles.js";

/** A relayed packet, and the counter of its envelope where that isn't the next. */
export interface RelayLie {
  readonly packet: RelayPacket;
  readonly counter?: number;
}

/** A peer that lies about the channels of a relay path. */
export interface RelayRole {
  readonly name: string;
  /** What it sends, packet by packet. */
  packets(mark: Mark): Iterable<RelayLie>;
}

const most = Number.MAX_SAFE_INTEGER;
const nothing = new Uint8Array(0);

/** Frames in their turn, on one channel. */
function* inTurn(frames: Iterable<Uint8Array>, received: number): Iterable<RelayLie> {
  let index = 0;
  for (const frame of frames) yield { packet: { channel: 1, index: index++, received, frame } };
}

function* hungry(mark: Mark): Iterable<Uint8Array> {
  yield lyingHello(mark.protocols, { credit: [most, most, most] });
  yield* peerRoles.find(({ hello }) => hello !== undefined)?.frames(mark) ?? [];
}

/** What a lying peer says over the relay, role by role. */
export const relayRoles: readonly RelayRole[] = [
  {
    name: "opens a channel with each packet",
    *packets({ protocols }) {
      const frame = lyingHello(protocols);
      for (let channel = 1; channel <= 2_000; channel++) yield { packet: { channel, index: 0, received: 0, frame } };
    },
  },
  {
    name: "asks for much, and never says that it received anything",
    packets: (mark) => inTurn(hungry(mark), 0),
  },
  {
    name: "says that it received what was never sent",
    packets: (mark) => inTurn(hungry(mark), 10 ** 12),
  },
  {
    name: "leaves gaps in each channel",
    *packets({ protocols }) {
      const frame = lyingHello(protocols);
      for (let channel = 1; channel <= 1_000; channel++) {
        yield { packet: { channel, index: 0, received: 0, frame } };
        yield { packet: { channel, index: 7, received: 0, frame } };
      }
    },
  },
  {
    name: "jumps to the last channel of all",
    *packets({ protocols }) {
      const frame = lyingHello(protocols);
      yield { packet: { channel: most, index: 0, received: 0, frame } };
      for (let i = 0; i < 1_000; i++) yield { packet: { channel: most, index: most, received: most, frame: nothing } };
    },
  },
  {
    name: "jumps to the last counter of all, and begins anew",
    *packets({ protocols }) {
      const frame = lyingHello(protocols);
      yield { packet: { channel: 1, index: 0, received: 0, frame }, counter: most };
      for (let i = 0; i < 2_000; i++) yield { packet: { channel: 2 + i, index: 0, received: 0, frame } };
    },
  },
];
