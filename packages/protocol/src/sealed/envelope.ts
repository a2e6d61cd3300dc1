import nacl from "tweetnacl";
import { accept, type Decoded, reject } from "../decoded.js";
import { SkeinError } from "../errors.js";
import { ReplayWindow } from "./replay-window.js";

/** What an envelope holds: a signal (1), or a frame of the relay path (2). */
export type EnvelopeContent = "signal" | "frame";

const contentByte = { signal: 1, frame: 2 } as const;
const counterBytes = 8;

/** What sealing adds to a body: counter, authenticator, content byte. */
export const envelopeOverheadBytes = counterBytes + nacl.secretbox.overheadLength + 1;

/**
 * `envelope = counter (8 bytes, big-endian) ‖ secretbox(content byte ‖ body, nonce = 16 zero bytes ‖ counter, key)`.
 *
 * @param counter must never repeat under one key. One count for a whole join does that for all its keys.
 */
export function sealEnvelope(key: Uint8Array, counter: number, content: EnvelopeContent, body: Uint8Array): Uint8Array {
  if (!Number.isSafeInteger(counter) || counter < 0) {
    throw new SkeinError("bad-argument", "An envelope's counter is a whole number from 0 to 2^53 - 1.");
  }
  const plain = new Uint8Array(body.length + 1);
  plain[0] = contentByte[content];
  plain.set(body, 1);
  const nonce = nonceOf(counter);
  const sealed = nacl.secretbox(plain, nonce, key);
  const envelope = new Uint8Array(counterBytes + sealed.length);
  envelope.set(nonce.subarray(16));
  envelope.set(sealed, counterBytes);
  return envelope;
}

/** Opens the envelopes of one peer, each once. */
export class EnvelopeOpener {
  readonly #window = new ReplayWindow();
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  open(envelope: Uint8Array): Decoded<{ content: EnvelopeContent; body: Uint8Array }> {
    if (envelope.length < envelopeOverheadBytes) return reject("malformed", "shorter than an empty envelope");
    const counter = counterOf(envelope);
    if (!Number.isSafeInteger(counter)) return reject("over-limit", "the counter is beyond 2^53 - 1");
    if (!this.#window.isFresh(counter)) return reject("replayed", "this counter was seen, or is too old to tell");
    const plain = nacl.secretbox.open(envelope.subarray(counterBytes), nonceOf(counter), this.#key);
    if (plain === null) return reject("forged", "not sealed by this peer for us, or altered on its way");
    this.#window.accept(counter);
    const content = plain[0] === contentByte.signal ? "signal" : plain[0] === contentByte.frame ? "frame" : undefined;
    if (content === undefined) return reject("unknown-type", `content ${plain[0]}`);
    return accept({ content, body: plain.subarray(1) });
  }
}

function nonceOf(counter: number): Uint8Array {
  const nonce = new Uint8Array(nacl.secretbox.nonceLength);
  const view = new DataView(nonce.buffer);
  view.setUint32(16, Math.floor(counter / 2 ** 32));
  view.setUint32(20, counter % 2 ** 32);
  return nonce;
}

function counterOf(envelope: Uint8Array): number {
  const view = new DataView(envelope.buffer, envelope.byteOffset, counterBytes);
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
}
