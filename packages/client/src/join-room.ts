import {
  createBoxKeyPair,
  createIdentity,
  type IceServer,
  platformRandom,
  roomKeyOf,
  versionsOf,
} from "@skein/protocol";
import { platformEngine, platformNetwork } from "#engine";
import { platformClock } from "./clock.js";
import { SharedNetwork } from "./network/shared-network.js";
import { Pulse } from "./pulse.js";
import { checkOptions } from "./room/check-options.js";
import type { JoinOptions } from "./room/options.js";
import { OwnCard } from "./room/own-card.js";
import { Room } from "./room/room.js";
import { SealingKeys } from "./room/secure-channel.js";
import type { Signaling } from "./signaling/signaling.js";
import { webSocketSignaling } from "./signaling/web-socket.js";

/**
 * Joins a room, and keeps linked to everyone in it. Resolves once we are in; each peer's link follows with its
 * `peer-connected`.
 *
 * @throws {SkeinError} `bad-argument`, `server-unreachable`, `not-authorised`, `room-full`, `unsupported-version`,
 * `no-engine`, `aborted`
 * @example
 * const room = await joinRoom({ server: "wss://example.org/skein", room: "lab", protocols: [chat] });
 * room.handle(chat.say, ({ text }, from) => console.log(from.card.name, text));
 * room.on("peer-connected", (peer) => room.send(peer, chat.say, { text: "hi" }));
 */
export async function joinRoom(options: JoinOptions): Promise<Room> {
  checkOptions(options);
  const signaling = chooseSignaling(options);
  const random = options.random ?? platformRandom;
  const clock = options.clock ?? platformClock;
  const pulse = new Pulse(clock);
  const network = new SharedNetwork(options.network ?? platformNetwork, clock, pulse);
  const roll = () => rollOf(random);
  const engine = options.engine ?? (await platformEngine());
  const identity = options.identity ?? createIdentity({ random, ...(options.ed25519 && { ed25519: options.ed25519 }) });
  const box = createBoxKeyPair(random);
  const protocols = versionsOf((options.protocols ?? []).map((protocol) => protocol["~protocol"]));
  const ownCard = await OwnCard.create({
    identity,
    box,
    kind: engine.kind,
    startedMs: clock.wallMs(),
    protocols,
    details: options,
  });
  const room = new Room({
    name: options.room,
    ownCard,
    admit: options.admit ?? (() => true),
    ed25519: options.ed25519,
    iceServers: (options.iceServers ?? []).map(normaliseIceServer),
    keys: new SealingKeys({ room: options.room, roomKey: roomKeyOf(options.secret), id: identity.id, box }),
    network,
    pulse,
    world: {
      engine,
      clock,
      random,
      roll,
      protocols,
      paths: options.paths ?? [],
    },
  });
  const session = await signaling.join(
    {
      room: options.room,
      identity,
      card: () => ownCard.signed,
      token: options.token,
      clock,
      network,
      roll,
      signal: options.signal,
    },
    room.signalingEvents(),
  );
  room.attach(session);
  return room;
}

function chooseSignaling({ server = [], serverOrder, signaling }: JoinOptions): Signaling {
  return signaling ?? webSocketSignaling({ url: server, ...(serverOrder === undefined ? {} : { order: serverOrder }) });
}

function rollOf(random: (length: number) => Uint8Array): number {
  const bytes = random(4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32;
}

function normaliseIceServer({ urls, username, credential }: RTCIceServer): IceServer {
  return {
    urls: typeof urls === "string" ? [urls] : [...urls],
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  };
}
