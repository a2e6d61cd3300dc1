import { concatBytes, fromBase64Url, toBase64Url, utf8 } from "../bytes.js";
import { SkeinError } from "../errors.js";
import { platformRandom, type RandomBytes } from "../random.js";
import { type Ed25519, platformEd25519, publicKeyOf } from "./ed25519.js";
import { type PeerId, peerIdOf } from "./peer-id.js";
import { isStrict } from "./strict-ed25519.js";

/**
 * What a signature is for. It is part of what is signed, so that a signature made for one purpose never serves another.
 */
export type Purpose = "card" | "join" | "proposal" | "ballot" | "term";

/** An Ed25519 key pair. Its public key is the peer's id. Keys kept elsewhere (a keychain, an HSM) implement this too. */
export interface Identity {
  readonly id: PeerId;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Signs `"skein/1 <purpose>\0" ‖ bytes`. Gives 64 bytes. */
  sign(purpose: Purpose, bytes: Uint8Array): Promise<Uint8Array>;
}

const seedBytes = 32;
const savedPrefix = "skein-identity-1:";

class SeedIdentity implements Identity {
  readonly id: PeerId;
  readonly publicKey: Uint8Array;
  // Private to the class, so that no log, inspection or JSON of an identity shows it.
  readonly #seed: Uint8Array;
  readonly #ed25519: Ed25519 | undefined;

  constructor(seed: Uint8Array, ed25519?: Ed25519) {
    this.#seed = seed;
    this.#ed25519 = ed25519;
    this.publicKey = publicKeyOf(seed);
    this.id = peerIdOf(this.publicKey);
  }

  async sign(purpose: Purpose, bytes: Uint8Array): Promise<Uint8Array> {
    const ed25519 = this.#ed25519 ?? (await platformEd25519());
    return ed25519.sign(this.#seed, toBeSigned(purpose, bytes));
  }

  static save(identity: SeedIdentity): string {
    return savedPrefix + toBase64Url(identity.#seed);
  }
}

/** Makes a new identity. Keep it with {@link saveIdentity} to be the same peer next time. */
export function createIdentity(options: { random?: RandomBytes; ed25519?: Ed25519 } = {}): Identity {
  // A copy: a source of randomness may use its array again.
  return new SeedIdentity(Uint8Array.from((options.random ?? platformRandom)(seedBytes)), options.ed25519);
}

/**
 * The identity as one line of text, to be kept as secret as a password: whoever has it is this peer.
 * @throws {SkeinError} `bad-argument` for an identity that {@link createIdentity} or {@link loadIdentity} didn't make.
 */
export function saveIdentity(identity: Identity): string {
  if (identity instanceof SeedIdentity) return SeedIdentity.save(identity);
  throw new SkeinError("bad-argument", "This identity keeps its key elsewhere and can't be saved from here.");
}

/**
 * The identity that {@link saveIdentity} wrote.
 * @throws {SkeinError} `bad-argument` where the text isn't such a line.
 */
export function loadIdentity(saved: string, options: { ed25519?: Ed25519 } = {}): Identity {
  const line = saved.trim();
  const seed = line.startsWith(savedPrefix) ? fromBase64Url(line.slice(savedPrefix.length)) : undefined;
  if (seed?.length !== seedBytes) {
    throw new SkeinError("bad-argument", `This is no saved identity: one is a line that begins with "${savedPrefix}".`);
  }
  return new SeedIdentity(seed, options.ed25519);
}

/** Whether `signature` is the peer's, for this purpose, over these bytes. */
export async function verifySignature(
  purpose: Purpose,
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
  ed25519?: Ed25519,
): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  if (!isStrict(publicKey, signature)) return false;
  const verifier = ed25519 ?? (await platformEd25519());
  return verifier.verify(publicKey, toBeSigned(purpose, bytes), signature).catch(() => false);
}

function toBeSigned(purpose: Purpose, bytes: Uint8Array): Uint8Array {
  return concatBytes(utf8(`skein/1 ${purpose}\0`), bytes);
}
