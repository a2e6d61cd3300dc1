import { decodeByType } from "../codec/by-type.js";
import { encode } from "../codec/message-pack.js";
import { count, list, literal, name, type Output, object, optional, text } from "../codec/schema.js";
import { type Decoded, reject } from "../decoded.js";
import { limits } from "../limits.js";

const sdp = text(limits.signalBytes);
/** The generation: rises with each new RTCPeerConnection of a pair. */
const g = count;
/** Numbers the offers of a generation; an answer has the number of its offer. 0 is left out. Above it: an ICE restart. */
const n = optional(count);

export const signals = {
  offer: object({ t: literal("offer"), g, n, sdp }),
  answer: object({ t: literal("answer"), g, n, sdp }),
  /** Candidates for the description whose ICE user fragment is `u`. An empty list ends them. */
  candidates: object({
    t: literal("candidates"),
    g,
    u: text(256),
    list: list(object({ c: text(limits.candidateLength), mid: text(16) }), limits.candidates),
  }),
  /** The sender gave its connection of this generation up. */
  bye: object({ t: literal("bye"), g, reason: name }),
};

/** What sets up a direct path between two peers. Travels sealed in an envelope. */
export type Signal = Output<(typeof signals)[keyof typeof signals]>;
/** An ICE candidate, as a signal carries it. */
export type Candidate = Extract<Signal, { t: "candidates" }>["list"][number];

/** A signal's bytes, before they are sealed. */
export function encodeSignal(signal: Signal): Uint8Array {
  return encode(signal);
}

/** Reads a signal out of an envelope that was opened. */
export function decodeSignal(body: Uint8Array): Decoded<Signal> {
  if (body.length > limits.signalBytes) return reject("over-limit", `a signal of over ${limits.signalBytes} bytes`);
  return decodeByType(signals, body);
}
