import nacl from "tweetnacl";
import { concatBytes, utf8 } from "../bytes.js";
import { SkeinError } from "../errors.js";
import { type PeerId, peerKeyOf } from "../identity/peer-id.js";
import { platformRandom, type RandomBytes } from "../random.js";

/** An X25519 key pair. Lives for one join, so that a stolen identity reads no earlier traffic. */
export interface BoxKeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** A fresh X25519 key pair, for one join. */
export function createBoxKeyPair(random: RandomBytes = platformRandom): BoxKeyPair {
  return nacl.box.keyPair.fromSecretKey(random(32));
}

/** What a room's secret adds to every key: 32 bytes, zeros where the room has none. */
export function roomKeyOf(secret: string | undefined): Uint8Array {
  if (secret === undefined) return new Uint8Array(32);
  return nacl.hash(concatBytes(utf8("skein/1 room\0"), utf8(secret))).slice(0, 32);
}

/** Who seals for whom, and in which room: all of it goes into the keys. */
export interface DirectionKeysInput {
  readonly room: string;
  readonly roomKey: Uint8Array;
  readonly myId: PeerId;
  readonly myBox: BoxKeyPair;
  readonly theirId: PeerId;
  /** Their box public key, from their signed card. */
  readonly theirBox: Uint8Array;
  /** What carries the envelopes. Default: the server. */
  readonly via?: EnvelopeCarrier;
}

/**
 * What carries envelopes: the `server`, or a `channel` that the app brought. Each has keys of its own: an envelope of one can't be
 * passed off as the other's, and a fast one doesn't push the slow one's out of the window of counters.
 */
export type EnvelopeCarrier = "server" | "channel";

const carrierLabel: Readonly<Record<EnvelopeCarrier, string>> = {
  server: "skein/1 box\0",
  channel: "skein/1 channel\0",
};

/** One key for each direction between two peers. */
export interface DirectionKeys {
  /** From me to them. */
  readonly seal: Uint8Array;
  /** From them to me. */
  readonly open: Uint8Array;
}

/**
 * `key(A→B) = SHA-512("skein/1 box\0" ‖ box.before(boxB, secretA) ‖ roomKey ‖ idA ‖ idB ‖ SHA-512(room)[0..32])[0..32]`, and with
 * `"skein/1 channel\0"` for a channel that the app brought.
 *
 * Both ids in their order and the room are part of it, so an envelope can't be reflected to its sender, moved to another
 * room, or passed off as another peer's.
 *
 * @throws {SkeinError} `bad-argument` where the room's key isn't one that {@link roomKeyOf} gives.
 */
export function deriveDirectionKeys(input: DirectionKeysInput): DirectionKeys {
  if (input.roomKey.length !== 32) {
    throw new SkeinError("bad-argument", "A room's key has 32 bytes: make it with roomKeyOf(secret).");
  }
  const shared = nacl.box.before(input.theirBox, input.myBox.secretKey);
  const room = nacl.hash(utf8(input.room)).subarray(0, 32);
  const mine = peerKeyOf(input.myId);
  const theirs = peerKeyOf(input.theirId);
  const label = utf8(carrierLabel[input.via ?? "server"]);
  const key = (from: Uint8Array, to: Uint8Array) =>
    nacl.hash(concatBytes(label, shared, input.roomKey, from, to, room)).slice(0, 32);
  return { seal: key(mine, theirs), open: key(theirs, mine) };
}
