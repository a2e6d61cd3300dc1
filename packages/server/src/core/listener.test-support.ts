import { type Card, decodeServerMessage, peerIdOf, type SignedCard } from "@skein/protocol";
import { expect } from "vitest";
import type { Place } from "./rooms.js";

/** Peers are numbers here; so are their joins (box keys). */
export interface Seen {
  readonly peer: number;
  readonly box: number;
  readonly n: number;
}

/** A client as the hub's sink sees it: it believes what it is told, and objects to what makes no sense. */
export class Listener {
  readonly log: string[] = [];
  readonly room = new Map<number, Seen>();
  forwards: Uint8Array[] = [];
  bufferedBytes = 0;
  place: Place<Listener> | undefined;
  isReplaced = false;

  hear(packet: Uint8Array): void {
    const decoded = decodeServerMessage(packet.subarray(1));
    if (!decoded.ok) throw new Error(decoded.reason);
    const message = decoded.value;
    switch (message.t) {
      case "peers":
      case "joined":
        for (const signed of message.peers) this.#add(signed);
        this.log.push(`${message.t} ${message.peers.length}`);
        return;
      case "peer-joined":
        this.#add(message.card);
        this.log.push(`peer-joined ${message.card.b[0]}`);
        return;
      case "peer-updated": {
        const seen = read(message.card);
        expect(this.room.get(seen.peer)?.box).toBe(seen.box);
        expect(seen.n).toBeGreaterThan(this.room.get(seen.peer)?.n ?? Number.POSITIVE_INFINITY);
        this.room.set(seen.peer, seen);
        this.log.push(`peer-updated ${seen.peer} n${seen.n}`);
        return;
      }
      case "peer-away":
        expect(this.room.has(message.id[0] as number)).toBe(true);
        this.log.push(`peer-away ${message.id[0]}`);
        return;
      case "peer-left":
        expect(this.room.delete(message.id[0] as number)).toBe(true);
        this.log.push(`peer-left ${message.id[0]} ${message.reason}`);
        return;
      default:
        throw new Error(`a hub doesn't say ${message.t}`);
    }
  }

  #add(signed: SignedCard): void {
    const seen = read(signed);
    expect(this.room.has(seen.peer)).toBe(false);
    this.room.set(seen.peer, seen);
  }
}

export function read({ b: [peer, box, n] }: SignedCard): Seen {
  return { peer: peer as number, box: box as number, n: n as number };
}

export function cardOf({ peer, box, n }: Seen): { card: Card; signed: SignedCard } {
  const card: Card = {
    id: peerIdOf(new Uint8Array(32).fill(peer)),
    box: new Uint8Array(32).fill(box),
    started: 0,
    caps: [],
    protocols: {},
    n,
  };
  return { card, signed: { b: Uint8Array.of(peer, box, n), s: new Uint8Array(64) } };
}
