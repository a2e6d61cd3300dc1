import nacl from "tweetnacl";
import { type Bench, type Contestant, median, type Scale } from "../bench.ts";
import { startTraffic } from "../traffic/arena.ts";
import { noteBytes, packedNote } from "../traffic/cargo.ts";
import { bulkRate, messageRate } from "../traffic/pair.ts";

const mib = 1_048_576;
/** Four pieces of a link fill about this much of a frame. */
const frameBytes = 64_000;
const notes: Readonly<Record<Scale, number>> = { full: 60_000, quick: 20_000 };
const totalBytes: Readonly<Record<Scale, number>> = { full: 32 * mib, quick: 8 * mib };

export const relayMessages: Bench<"perSecond"> = {
  name: "relay-messages",
  rounds: { full: 15, quick: 3 },
  warmUps: 2,
  timeoutMs: 60_000,
  rows: [
    {
      name: "relay-messages",
      about:
        "Messages of 100 bytes over the relay, between two Node processes and through a server in a third. Beside it: how many of that size tweetnacl can seal in a second, one by one.",
      unit: "messages/s",
      better: "higher",
      quantity: "perSecond",
      statistic: median,
      marks: [{ of: "ratio", limit: 0.7 }],
    },
  ],
  async start(scale) {
    const arena = await startTraffic("node", { ours: { way: "skein-relay", cargo: packedNote }, peers: {} }, (pair) =>
      messageRate(pair, notes[scale]),
    );
    const alone = sealing(noteBytes, notes[scale], (perSecond) => ({ perSecond }));
    return { ...arena, peers: { "sealing alone": alone }, [Symbol.asyncDispose]: () => arena[Symbol.asyncDispose]() };
  },
};

export const relayBulk: Bench<"megabytesPerSecond"> = {
  name: "relay-bulk",
  rounds: { full: 9, quick: 2 },
  warmUps: 1,
  timeoutMs: 60_000,
  rows: [
    {
      name: "relay-bulk",
      about:
        "32 MiB in messages of 1 MiB over the relay, between two Node processes and through a server in a third. Beside it: what tweetnacl can seal in a second, in pieces of 64,000 bytes.",
      unit: "MB/s",
      better: "higher",
      quantity: "megabytesPerSecond",
      statistic: median,
      marks: [{ of: "ratio", limit: 0.7 }],
    },
  ],
  async start(scale) {
    const arena = await startTraffic(
      "node",
      { ours: { way: "skein-relay", cargo: { kind: "block", bytes: mib } }, peers: {} },
      (pair) => bulkRate(pair, totalBytes[scale]),
    );
    const alone = sealing(frameBytes, Math.round(totalBytes[scale] / frameBytes), (perSecond) => ({
      megabytesPerSecond: (perSecond * frameBytes) / 1e6,
    }));
    return { ...arena, peers: { "sealing alone": alone }, [Symbol.asyncDispose]: () => arena[Symbol.asyncDispose]() };
  },
};

/** Seals so many texts of a size, and nothing else. */
function sealing<Quantity extends string>(
  bytes: number,
  count: number,
  figure: (perSecond: number) => Record<Quantity, number>,
): Contestant<Quantity> {
  const key = nacl.randomBytes(nacl.secretbox.keyLength);
  const nonce = new Uint8Array(nacl.secretbox.nonceLength);
  const text = new Uint8Array(bytes).fill(7);
  return {
    async sample() {
      const startedMs = performance.now();
      for (let i = 0; i < count; i++) {
        // Another nonce each time, as the rules of sealing have it.
        new DataView(nonce.buffer).setUint32(0, i);
        nacl.secretbox(text, nonce, key);
      }
      return figure((1_000 * count) / (performance.now() - startedMs));
    },
  };
}
