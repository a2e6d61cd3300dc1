import { type ForwardClass, forwardHeaderBytes, packetKind } from "@skein/protocol";
import type { NodeId, RoomKey } from "../core/nodes-message.js";
import { nameBytes } from "./words.js";

/** The version of what nodes say. A node that reads another leaves it. */
const version = 1;
const keyBytes = 32;
const lengthBytes = 4;

export const letterKind = { words: 1, forwards: 2, undelivered: 3 } as const;
type LetterKind = (typeof letterKind)[keyof typeof letterKind];

const headBytes = 2 + nameBytes;
const forwardHeadBytes = lengthBytes + nameBytes + keyBytes;
const undeliveredBytes = nameBytes + 2 * keyBytes + 2;

/** What goes between nodes in one message: a kind, who says it, and the rest. */
export interface Letter {
  readonly kind: number;
  readonly from: NodeId;
  readonly body: Buffer;
}

/** A forward on its way between nodes. */
export interface Parcel {
  readonly room: RoomKey;
  readonly target: string;
  readonly kind: ForwardClass;
  /** As it goes to the client: its kind, the source's key, the envelope. */
  readonly packet: Buffer;
}

/** A forward that came to nothing. */
export interface Undelivered {
  readonly room: RoomKey;
  readonly source: string;
  readonly target: string;
  readonly reason: "gone" | "busy";
  readonly kind: ForwardClass;
}

export function writeLetter(kind: LetterKind, from: NodeId, parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Uint8Array.of(version, kind), Buffer.from(from, "latin1"), ...parts]);
}

/** Undefined where it is none that this version knows. */
export function readLetter(bytes: Uint8Array): Letter | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (all.length < headBytes || all[0] !== version) return undefined;
  return { kind: all[1] as number, from: all.toString("latin1", 2, headBytes), body: all.subarray(headBytes) };
}

/** What precedes a packet among forwards. */
export function forwardHead(room: RoomKey, target: string, packetBytes: number): Buffer {
  const head = Buffer.allocUnsafe(forwardHeadBytes);
  head.writeUInt32BE(packetBytes, 0);
  head.write(room, lengthBytes, "latin1");
  head.write(target, lengthBytes + nameBytes, "latin1");
  return head;
}

/** The forwards of a letter, in order. Undefined behind the last that can be read, where something is wrong. */
export function* readForwards(body: Buffer): Generator<Parcel | undefined> {
  for (let at = 0; at < body.length; ) {
    const start = at + forwardHeadBytes;
    const end = start <= body.length ? start + body.readUInt32BE(at) : Number.POSITIVE_INFINITY;
    const packet = body.subarray(start, Math.min(end, body.length));
    const kind = classOf(packet[0]);
    if (end > body.length || packet.length <= forwardHeaderBytes || kind === undefined) return yield undefined;
    const room = body.toString("latin1", at + lengthBytes, at + lengthBytes + nameBytes);
    const target = body.toString("latin1", at + lengthBytes + nameBytes, start);
    yield { room, target, kind, packet };
    at = end;
  }
}

export function writeUndelivered({ room, source, target, reason, kind }: Undelivered): Buffer {
  const flags = String.fromCharCode(reason === "gone" ? 0 : 1, packetKind[kind]);
  return Buffer.from(room + source + target + flags, "latin1");
}

export function* readUndelivered(body: Buffer): Generator<Undelivered | undefined> {
  for (let at = 0; at < body.length; at += undeliveredBytes) {
    const text = body.toString("latin1", at, at + undeliveredBytes);
    const kind = classOf(text.charCodeAt(undeliveredBytes - 1));
    if (text.length < undeliveredBytes || kind === undefined) return yield undefined;
    const source = text.slice(nameBytes, nameBytes + keyBytes);
    const target = text.slice(nameBytes + keyBytes, nameBytes + 2 * keyBytes);
    const reason = text.charCodeAt(undeliveredBytes - 2) === 0 ? "gone" : "busy";
    yield { room: text.slice(0, nameBytes), source, target, reason, kind };
  }
}

function classOf(byte: number | undefined): ForwardClass | undefined {
  if (byte === packetKind.relay) return "relay";
  return byte === packetKind.signal ? "signal" : undefined;
}
