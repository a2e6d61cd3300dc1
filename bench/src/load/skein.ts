import { randomBytes } from "node:crypto";
import {
  createBoxKeyPair,
  createIdentity,
  decodePacket,
  decodeServerMessage,
  encodeControl,
  encodeForwardPacket,
  type Identity,
  packetKind,
  parsePeerId,
  proveJoin,
  type ServerMessage,
  type SignedCard,
  signCard,
  webSocketProtocol,
} from "@skein/protocol";
import { type Dialect, forwardBytes, type Member, roomSize } from "./dialect.ts";
import { clientFrame, opcode } from "./frames.ts";
import { LoadSocket } from "./socket.ts";

/** Who joins. */
export interface Person {
  readonly identity: Identity;
  readonly card: SignedCard;
}

/**
 * Members of rooms of {@link roomSize}. The same ten identities are in every room: to make thousands takes longer than
 * to measure them, and a server has no way to tell.
 */
export async function createSkeinDialect(): Promise<Dialect> {
  const people = await Promise.all(Array.from({ length: roomSize }, createPerson));
  const envelope = randomBytes(forwardBytes);
  return {
    async join(url, number) {
      const person = people[number % roomSize];
      if (person === undefined) throw new RangeError(`No member has the number ${number}.`);
      const socket = await LoadSocket.open(url, [webSocketProtocol]);
      await enter(socket, person, `room-${Math.floor(number / roomSize)}`);
      return { socket, id: person.identity.id };
    },
    // The relay class: at this rate the default limits would turn signals away.
    forwardTo: (_from: Member, to: Member) =>
      clientFrame(opcode.binary, encodeForwardPacket("relay", parsePeerId(to.id), envelope)),
    classify: (payload) => {
      if (payload[0] === packetKind.relay) return "forward";
      return read(payload)?.t === "peer-joined" ? "harmless" : "other";
    },
    heartbeat: undefined,
  };
}

export async function createPerson(_: unknown, number: number): Promise<Person> {
  const identity = createIdentity();
  const card = await signCard(identity, {
    id: identity.id,
    box: createBoxKeyPair().publicKey,
    name: `member ${number}`,
    kind: "browser",
    started: Date.now(),
    caps: ["search", "fetch"],
    protocols: { "acme.chat": ["1.2.0"] },
    n: 0,
  });
  return { identity, card };
}

/** What answers the challenge. */
export async function joinFrame({ identity, card }: Person, room: string, nonce: Uint8Array): Promise<Buffer> {
  const proof = await proveJoin(identity, nonce, room, card);
  return clientFrame(opcode.binary, encodeControl({ t: "join", room, card, proof }));
}

/** Answers the challenge, and waits to be let in. */
function enter(socket: LoadSocket, { identity, card }: Person, room: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const handle = async (message: ServerMessage | undefined): Promise<void> => {
      if (message?.t === "challenge") {
        socket.write(await joinFrame({ identity, card }, room, message.nonce));
      }
      if (message?.t === "joined") resolve();
      if (message?.t === "error") reject(new Error(message.message));
    };
    socket.listen({
      receive: (payload) => void handle(read(payload)).catch(reject),
      lost: (reason) => reject(new Error(reason)),
    });
  });
}

/** A control message, if it is one. */
export function read(payload: Buffer): ServerMessage | undefined {
  const packet = decodePacket(payload);
  if (!packet.ok || packet.value.kind !== "control") return undefined;
  const message = decodeServerMessage(packet.value.body);
  return message.ok ? message.value : undefined;
}
