import nacl from "tweetnacl";
import { accept, type Decoded, reject } from "../decoded.js";
import { SkeinError } from "../errors.js";
import { ReplayWindow } from "./replay-window.js";

/** What an envelope holds: a signal (1), or a frame of the relay path (2). */
export type EnvelopeContent = "signal" | "frame";

/**
 * NaCl's own interface, which works in place: a path seals and opens megabytes a second, and tweetnacl's other one copies each
 * byte twice. It wants 32 zero bytes before a plain text, and leaves 16 before its box. tweetnacl's types don't have it.
 */
const { lowlevel } = nacl as unknown as {
  lowlevel: Record<
    "crypto_secretbox" | "crypto_secretbox_open",
    (to: Uint8Array, from: Uint8Array, length: number, nonce: Uint8Array, key: Uint8Array) => number
  >;
};
const zeroBytes = 32;
const boxZeroBytes = 16;

export const contentByte = { signal: 1, frame: 2 } as const;
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
  const text = new Uint8Array(zeroBytes + 1 + body.length);
  text[zeroBytes] = contentByte[content];
  text.set(body, zeroBytes + 1);
  const nonce = nonceOf(counter);
  lowlevel.crypto_secretbox(text, text, text.length, nonce, key);
  // The box's own zeros are before it: the counter takes their place.
  const start = boxZeroBytes - counterBytes;
  text.set(nonce.subarray(16), start);
  return text.subarray(start);
}

/** Opens the envelopes of one peer, each once. */
export class EnvelopeOpener {
  readonly #window = new ReplayWindow();
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Opens an envelope, once: a repeat, or what doesn't open, is a rejection. */
  open(envelope: Uint8Array): Decoded<{ content: EnvelopeContent; body: Uint8Array }> {
    if (envelope.length < envelopeOverheadBytes) return reject("malformed", "shorter than an empty envelope");
    const counter = counterOf(envelope);
    if (!Number.isSafeInteger(counter)) return reject("over-limit", "the counter is beyond 2^53 - 1");
    if (!this.#window.isFresh(counter)) return reject("replayed", "this counter was seen, or is too old to tell");
    const plain = openBox(envelope.subarray(counterBytes), nonceOf(counter), this.#key);
    if (plain === undefined) return reject("forged", "not sealed by this peer for us, or altered on its way");
    this.#window.accept(counter);
    const content = plain[0] === contentByte.signal ? "signal" : plain[0] === contentByte.frame ? "frame" : undefined;
    if (content === undefined) return reject("unknown-type", `content ${plain[0]}`);
    return accept({ content, body: plain.subarray(1) });
  }
}

function openBox(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  const text = new Uint8Array(boxZeroBytes + box.length);
  text.set(box, boxZeroBytes);
  const outcome = lowlevel.crypto_secretbox_open(text, text, text.length, nonce, key);
  return outcome === 0 ? text.subarray(zeroBytes) : undefined;
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
