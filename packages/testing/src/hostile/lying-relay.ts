import {
  type BoxKeyPair,
  deriveDirectionKeys,
  encodeRelayPacket,
  type PeerId,
  type RelayPacket,
  roomKeyOf,
  sealEnvelope,
} from "@skein/protocol";

/** A lying peer at the other end of a relay path: what it says is sealed as it should be, and nothing else is as it should be. */
export class LyingRelay {
  readonly #key: Uint8Array;
  readonly #forward: (envelope: Uint8Array) => void;
  #counter = 0;

  /** @param forward delivers an envelope, as a server would. */
  constructor(
    secrets: {
      readonly room: string;
      readonly secret?: string;
      readonly id: PeerId;
      readonly box: BoxKeyPair;
      readonly theirId: PeerId;
      readonly theirBox: Uint8Array;
    },
    forward: (envelope: Uint8Array) => void,
  ) {
    const { room, secret, id, box, theirId, theirBox } = secrets;
    const roomKey = roomKeyOf(secret);
    this.#key = deriveDirectionKeys({ room, roomKey, myId: id, myBox: box, theirId, theirBox, via: "server" }).seal;
    this.#forward = forward;
  }

  /**
   * Sends a relayed packet, sealed.
   * @param counter of the envelope, where it isn't the next.
   */
  say(packet: RelayPacket, counter = this.#counter++): void {
    this.#forward(sealEnvelope(this.#key, counter, "frame", encodeRelayPacket(packet)));
  }
}
