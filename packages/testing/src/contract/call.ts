import type { ContractBench } from "./bench.js";
import type { End } from "./end.js";

/** The offer of a side that has channels, in force there. */
export async function offerOf(
  bench: ContractBench,
  end: End,
  options?: RTCOfferOptions,
): Promise<RTCSessionDescriptionInit> {
  if (end.channels.length === 0) openBoth(end);
  const offer = await bench.settled("createOffer", end.rtc.createOffer(options));
  await bench.settled("setLocalDescription of an offer", end.rtc.setLocalDescription(offer));
  return end.described(offer);
}

/** The answer of a side to an offer, in force there. */
export async function answerOf(
  bench: ContractBench,
  end: End,
  offer: RTCSessionDescriptionInit,
): Promise<RTCSessionDescriptionInit> {
  await bench.settled("setRemoteDescription of an offer", end.take(offer));
  if (end.channels.length === 0) openBoth(end);
  const answer = await bench.settled("createAnswer", end.rtc.createAnswer());
  await bench.settled("setLocalDescription of an answer", end.rtc.setLocalDescription(answer));
  return end.described(answer);
}

/** One round of offer and answer. */
export async function negotiate(
  bench: ContractBench,
  offerer: End,
  answerer: End,
  options?: RTCOfferOptions,
): Promise<void> {
  const answer = await answerOf(bench, answerer, await offerOf(bench, offerer, options));
  await bench.settled("setRemoteDescription of an answer", offerer.take(answer));
}

/** Offer and answer, candidates by themselves, and channels 0 and 1 of both sides open. */
export async function call(bench: ContractBench): Promise<void> {
  const { one, other } = bench;
  trickle(bench);
  await negotiate(bench, one, other);
  await allOpen(bench);
}

export function trickle({ one, other }: ContractBench): void {
  one.trickleTo(other);
  other.trickleTo(one);
}

export async function allOpen(bench: ContractBench): Promise<void> {
  const all = [...bench.one.channels, ...bench.other.channels];
  await bench.until("channels are open", () => all.every(({ channel }) => channel.readyState === "open"));
}

/** The channels that our client has: one that loses nothing, one that may. */
export function openBoth(end: End): void {
  end.openChannel(0);
  end.openChannel(1, { maxRetransmits: 3 });
}

/** What a line of a description says. */
export function lineOf(description: RTCSessionDescriptionInit | null, name: string): string | undefined {
  return new RegExp(`^a=${name}:(.*?)\\r?$`, "m").exec(description?.sdp ?? "")?.[1];
}

/** Bytes that differ from place to place and from message to message. */
export function patternOf(number: number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => (number * 7 + at * 31 + (at >> 8)) & 0xff);
}

/** Whether a message is those bytes, in an `ArrayBuffer`. */
export function isSame(message: unknown, bytes: Uint8Array): boolean {
  if (!(message instanceof ArrayBuffer) || message.byteLength !== bytes.length) return false;
  return new Uint8Array(message).every((byte, at) => byte === bytes[at]);
}
