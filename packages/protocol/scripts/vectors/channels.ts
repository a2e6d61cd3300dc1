import { createIdentity, encodeControl, peerIdOf, peerKeyOf, RelayChannel, type RelayPacket } from "@skein/protocol";
import { fill, hex, run, toVector } from "./notation.ts";

/** Ids as text, and their order, which isn't that of their bytes. */
export function peerIdVectors() {
  const keys = [
    fill(32, 0),
    fill(32, 0xff),
    run(32, 1),
    run(32, 100),
    createIdentity({ random: () => run(32, 7) }).publicKey,
  ];
  const id = peerIdOf(run(32, 1));
  const wrong = (why: string, text: string) => ({ why, code: "malformed", id: text });
  // Those begin with the digits of base64url in their order: A–Z, a–z, 0–9, - and _. ASCII has another.
  const firsts = [0x00, 0x68, 0xd0, 0xf8, 0xfc].map((byte) => peerIdOf(Uint8Array.of(byte, ...fill(31, 0))));
  return {
    accepted: keys.map((key) => ({ key: hex(key), id: peerIdOf(key) })),
    rejected: [
      wrong("empty", ""),
      wrong("a character short", id.slice(0, -1)),
      wrong("a character long", `${id}A`),
      wrong("padded", `${id}=`),
      wrong(
        "the last character carries bits that aren't zero",
        `${id.slice(0, -1)}${String.fromCharCode(id.charCodeAt(42) + 1)}`,
      ),
      wrong("base64, not base64url", `${id.slice(0, 10)}+${id.slice(11)}`),
      wrong("a space in it", `${id.slice(0, 10)} ${id.slice(11)}`),
    ],
    ascending: firsts.sort(),
  };
}

const packet = (channel: number, index: number, received: number, bytes: number): RelayPacket => ({
  channel,
  index,
  received,
  frame: fill(bytes, 4),
});

type Step = { readonly open: number } | { readonly send: number } | { readonly receive: RelayPacket };

/** What a channel makes of packets that come one after the other. Decided by the code, as `replay.json` is. */
export function relayChannelVectors() {
  const runs: [string, Step[]][] = [
    [
      "frames in order, and one that only acknowledges",
      [
        { open: 0 },
        { send: 5 },
        { receive: packet(1, 0, 0, 3) },
        { receive: packet(1, 1, 5, 4) },
        { receive: packet(1, 2, 5, 0) },
        { receive: packet(1, 2, 5, 1) },
      ],
    ],
    [
      "the first packet opens a channel",
      [{ receive: packet(1, 0, 0, 3) }, { open: 1 }, { receive: packet(1, 0, 0, 3) }],
    ],
    ["a frame is missing", [{ open: 0 }, { receive: packet(1, 0, 0, 3) }, { receive: packet(1, 2, 0, 3) }]],
    ["a frame comes twice", [{ open: 0 }, { receive: packet(1, 0, 0, 3) }, { receive: packet(1, 0, 0, 3) }]],
    ["more received than was sent", [{ open: 0 }, { send: 5 }, { receive: packet(1, 0, 6, 3) }]],
    [
      "a higher channel, and then one below it",
      [
        { open: 0 },
        { receive: packet(3, 0, 0, 3) },
        { open: 3 },
        { receive: packet(3, 0, 0, 3) },
        { receive: packet(2, 0, 0, 3) },
      ],
    ],
    [
      "the next one of one's own is one above",
      [{ open: 0 }, { open: 0 }, { receive: packet(1, 0, 0, 3) }, { receive: packet(2, 0, 0, 3) }],
    ],
  ];
  return { accepted: runs.map(([why, steps]) => ({ why, steps: followed(steps) })) };
}

function followed(steps: readonly Step[]) {
  const channel = new RelayChannel();
  return steps.map((step) => {
    if ("open" in step) {
      channel.open(step.open);
      return { do: "open", ...(step.open === 0 ? {} : { theirs: step.open }) };
    }
    if ("send" in step) return { do: "send", packet: toVector(channel.wrap(fill(step.send, 4))) };
    return { do: "receive", packet: toVector(step.receive), news: channel.receive(step.receive).type };
  });
}

/** Messages of a channel that the app brought (docs/spec/simple-peer.md). */
export function channelMessageVectors() {
  const key = run(32, 1);
  const card = { b: run(10, 30), s: run(64, 60) };
  const envelope = run(30, 0);
  const said = (message: Parameters<typeof encodeControl>[0]) => ({
    message: hex(encodeControl(message)),
    carries: "packet",
    kind: "control",
    said: toVector(message),
  });
  const forward = (kind: 2 | 3) => ({
    message: hex(Uint8Array.of(kind, ...key, ...envelope)),
    carries: "packet",
    kind: "forward",
    class: kind === 2 ? "signal" : "relay",
    peer: peerIdOf(key),
    envelope: hex(envelope),
  });
  const wrong = (why: string, code: string, message: string) => ({ why, code, message });
  return {
    accepted: [
      { message: hex(Uint8Array.of(0, ...envelope)), carries: "frame", envelope: hex(envelope) },
      said({ t: "peer-joined", card }),
      said({ t: "peer-updated", card }),
      said({ t: "peer-left", id: peerKeyOf(peerIdOf(key)), reason: "left" }),
      said({ t: "pong" }),
      forward(2),
      forward(3),
    ],
    rejected: [
      wrong("empty", "malformed", ""),
      wrong("kind 4, kept for later", "unknown-type", `04${hex(fill(40, 1))}`),
      wrong("a forward without an envelope", "malformed", `02${hex(key)}`),
      wrong("a frame without its whole envelope", "malformed", `00${hex(run(24, 0))}`),
    ],
  };
}
