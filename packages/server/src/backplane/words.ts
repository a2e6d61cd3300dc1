import {
  accept,
  type Decoded,
  decode,
  encode,
  limits,
  peerKeyBytes,
  peerKeyOf,
  readCard,
  reject,
  type SignedCard,
} from "@skein/protocol";
import { compact, expand } from "../core/compact.js";
import type { Change, Claim, GoneReason, NodesMessage, ReadClaim, RoomState } from "../core/nodes-message.js";
import { stampMost } from "../core/stamp-clock.js";

/** Bytes of a node's id and of a room's key. */
export const nameBytes = 16;
/** Rooms in one beat or question. */
const roomsMost = 65_536;
const claimsMost = 65_536;
const partsMost = 65_536;
const shelves = 256;
const signatureBytes = 64;

const reasons: readonly GoneReason[] = ["left", "lost", "replaced", "moved"];
const types = ["beat", "change", "ask", "snapshot", "bye", "remove"] as const satisfies readonly NodesMessage["type"][];
const changes = ["claim", "seat", "gone"] as const satisfies readonly Change["type"][];

/** A message as a MessagePack array, its type's number first. See docs/spec/backplane.md. */
export function encodeWords(message: NodesMessage): Uint8Array {
  return encode([types.indexOf(message.type), ...fieldsOf(message)]);
}

function fieldsOf(message: NodesMessage): unknown[] {
  switch (message.type) {
    case "beat": {
      const { stamp, state, asks, first, span, rooms } = message;
      return [stamp, state, asks, first, span, rooms.flatMap(([room, at]) => [expand(room), at])];
    }
    case "change":
      return [expand(message.room), message.before, message.state, ...changeFields(message.change)];
    case "ask":
      return [message.rooms.map(expand)];
    case "snapshot": {
      const { room, state, part, parts, claims } = message;
      return [expand(room), state, part, parts, claims.flatMap(claimFields)];
    }
    case "bye":
      return [];
    case "remove":
      return [expand(message.key), expand(message.room ?? ""), message.forMs];
  }
}

function changeFields(change: Change): unknown[] {
  const type = changes.indexOf(change.type);
  switch (change.type) {
    case "claim":
      return [type, ...claimFields(change.claim)];
    case "seat":
      return [type, expand(change.key), change.stamp, change.away];
    case "gone":
      return [type, expand(change.key), reasons.indexOf(change.reason)];
  }
}

function claimFields({ card, stamp, away }: Claim): unknown[] {
  return [card.b, card.s, stamp, away];
}

/** Reads what another node said. It may be of another version, or none of ours at all. */
export function decodeWords(bytes: Uint8Array): Decoded<NodesMessage<ReadClaim>> {
  const decoded = decode(bytes);
  if (!decoded.ok) return decoded;
  if (!Array.isArray(decoded.value)) return reject("malformed", "expected an array");
  try {
    return accept(new Reader(decoded.value).message());
  } catch (error) {
    if (error instanceof Misfit) return reject("malformed", error.message);
    throw error;
  }
}

/** Ends the reading of a message; never leaves this file. */
class Misfit extends Error {}

/** Takes one value after another, each of which has to be what is asked for. */
class Reader {
  readonly #values: readonly unknown[];
  #at = 0;

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  message(): NodesMessage<ReadClaim> {
    const type = this.#oneOf(types);
    switch (type) {
      case "beat":
        return {
          type,
          stamp: this.#count(stampMost),
          state: this.#count(),
          asks: this.#flag(),
          first: this.#count(shelves - 1),
          span: this.#count(shelves),
          rooms: this.#inner(2 * roomsMost).#roomStates(),
        };
      case "change":
        return {
          type,
          room: this.#bytes(nameBytes),
          before: this.#count(),
          state: this.#count(),
          change: this.#change(),
        };
      case "ask":
        return { type, rooms: this.#inner(roomsMost).#all((reader) => reader.#bytes(nameBytes)) };
      case "snapshot":
        return {
          type,
          room: this.#bytes(nameBytes),
          state: this.#count(),
          part: this.#count(partsMost),
          parts: this.#count(partsMost),
          claims: this.#inner(4 * claimsMost).#all((reader) => reader.#claim()),
        };
      case "bye":
        return { type };
      case "remove": {
        const key = this.#bytes(peerKeyBytes);
        const room = this.#someBytes(nameBytes);
        if (room.length % nameBytes !== 0) throw new Misfit("expected a room's key, or none");
        return { type, key, room: room.length === 0 ? undefined : compact(room), forMs: this.#count(stampMost) };
      }
    }
  }

  #change(): Change<ReadClaim> {
    const type = this.#oneOf(changes);
    switch (type) {
      case "claim":
        return { type, claim: this.#claim() };
      case "seat":
        return { type, key: this.#bytes(peerKeyBytes), stamp: this.#count(stampMost), away: this.#flag() };
      case "gone":
        return { type, key: this.#bytes(peerKeyBytes), reason: this.#oneOf(reasons) };
    }
  }

  #claim(): ReadClaim {
    const card: SignedCard = { b: this.#someBytes(limits.cardBytes), s: this.#someBytes(signatureBytes) };
    // Who signed it is for the clients to check, who believe no server; that it can be read is what they may expect of one.
    const read = readCard(card);
    if (!read.ok || card.s.length !== signatureBytes) throw new Misfit("a card that can't be read");
    const { id, box, n } = read.value;
    const [stamp, away] = [this.#count(stampMost), this.#flag()];
    return { key: compact(peerKeyOf(id)), box: compact(box), n, card, stamp, away };
  }

  #roomStates(): RoomState[] {
    return this.#all((reader) => [reader.#bytes(nameBytes), reader.#count()] as const);
  }

  #all<Item>(read: (reader: Reader) => Item): Item[] {
    const items: Item[] = [];
    while (this.#at < this.#values.length) items.push(read(this));
    return items;
  }

  #inner(most: number): Reader {
    const value = this.#next();
    if (!Array.isArray(value) || value.length > most) throw new Misfit(`expected a list of up to ${most}`);
    return new Reader(value);
  }

  #oneOf<const Names extends readonly string[]>(names: Names): Names[number] {
    return names[this.#count(names.length - 1)] as Names[number];
  }

  #count(most = Number.MAX_SAFE_INTEGER): number {
    const value = this.#next();
    if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number;
    throw new Misfit(`expected a count of up to ${most}`);
  }

  #flag(): boolean {
    const value = this.#next();
    if (typeof value === "boolean") return value;
    throw new Misfit("expected true or false");
  }

  #bytes(length: number): string {
    const value = this.#someBytes(length);
    if (value.length !== length) throw new Misfit(`expected ${length} bytes`);
    return compact(value);
  }

  #someBytes(most: number): Uint8Array {
    const value = this.#next();
    if (value instanceof Uint8Array && value.length <= most) return value;
    throw new Misfit(`expected bytes, up to ${most}`);
  }

  #next(): unknown {
    return this.#values[this.#at++];
  }
}
