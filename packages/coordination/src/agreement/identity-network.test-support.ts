import {
  concatBytes,
  createIdentity,
  digestOf,
  type Ed25519,
  equalBytes,
  type Identity,
  type PeerId,
} from "@skein/protocol";
import { MemoryNetwork } from "../simulation/memory-network.test-support.js";
import { VirtualClock } from "../simulation/virtual-clock.test-support.js";

/** A memory network whose peers can sign, at once and for next to nothing. */
export class IdentityNetwork extends MemoryNetwork {
  readonly #identities = new Map<number, Identity>();
  readonly #publicKeys = new Map<number, Uint8Array>();

  constructor(seed = 1, clock = new VirtualClock()) {
    super(clock, seed);
  }

  /**
   * Signatures as good as any where nobody forges them: the hash of the key and the message, in the shape of a signature.
   * The true ones are 10 ms of work each, wherever time must not pass.
   */
  readonly ed25519: Ed25519 = {
    sign: async (seed, message) => mark(this.#publicKeys.get((seed[0] as number) - 1) ?? seed, message),
    verify: async (publicKey, message, signature) => equalBytes(mark(publicKey, message), signature),
  };

  identity(number: number): Identity {
    const known = this.#identities.get(number);
    if (known !== undefined) return known;
    const random = () => new Uint8Array(32).fill(number + 1);
    const identity = createIdentity({ random, ed25519: this.ed25519 });
    this.#identities.set(number, identity);
    this.#publicKeys.set(number, identity.publicKey);
    return identity;
  }

  override idOf(number: number): PeerId {
    return this.identity(number).id;
  }
}

function mark(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const half = digestOf(concatBytes(publicKey, message));
  // Below the field's prime, and below the group's order.
  half[31] = 1;
  return concatBytes(half, half);
}
