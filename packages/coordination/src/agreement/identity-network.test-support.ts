import { createIdentity, type Identity, type PeerId, portableEd25519 } from "@skein/protocol";
import { MemoryNetwork } from "../simulation/memory-network.test-support.js";
import { VirtualClock } from "../simulation/virtual-clock.test-support.js";

/** A memory network whose peers can sign, without waiting for any real time. */
export class IdentityNetwork extends MemoryNetwork {
  readonly #identities = new Map<number, Identity>();

  constructor(seed = 1, clock = new VirtualClock()) {
    super(clock, seed);
  }

  identity(number: number): Identity {
    const known = this.#identities.get(number);
    if (known !== undefined) return known;
    const random = () => new Uint8Array(32).fill(number + 1);
    const identity = createIdentity({ random, ed25519: portableEd25519 });
    this.#identities.set(number, identity);
    return identity;
  }

  override idOf(number: number): PeerId {
    return this.identity(number).id;
  }
}
