import * as v from "valibot";
import { decodeByType } from "../codec/by-type.js";
import { encode } from "../codec/message-pack.js";
import { count, list, name, text } from "../codec/schema.js";
import { type Decoded, reject } from "../decoded.js";
import { limits } from "../limits.js";

const sdp = text(limits.signalBytes);
/** The generation: rises with each new RTCPeerConnection of a pair. */
const g = count;

const signals = {
  offer: v.object({ t: v.literal("offer"), g, sdp }),
  answer: v.object({ t: v.literal("answer"), g, sdp }),
  /** Candidates for the description whose ICE user fragment is `u`. An empty list ends them. */
  candidates: v.object({
    t: v.literal("candidates"),
    g,
    u: text(256),
    list: list(v.object({ c: text(limits.candidateLength), mid: text(16) }), limits.candidates),
  }),
  /** The sender gave its connection of this generation up. */
  bye: v.object({ t: v.literal("bye"), g, reason: name }),
};

/** What sets up a direct path between two peers. Travels sealed in an envelope. */
export type Signal = v.InferOutput<(typeof signals)[keyof typeof signals]>;
export type Candidate = Extract<Signal, { t: "candidates" }>["list"][number];

export function encodeSignal(signal: Signal): Uint8Array {
  return encode(signal);
}

export function decodeSignal(body: Uint8Array): Decoded<Signal> {
  if (body.length > limits.signalBytes) return reject("over-limit", `a signal of over ${limits.signalBytes} bytes`);
  return decodeByType(signals, body);
}
