import {
  concatBytes,
  createBoxKeyPair,
  createIdentity,
  deriveDirectionKeys,
  type EnvelopeCarrier,
  EnvelopeOpener,
  roomKeyOf,
  sealEnvelope,
  utf8,
} from "@skein/protocol";
import { fill, hex, run, turned } from "./notation.ts";

const peerOf = (seed: Uint8Array, secret: Uint8Array) => ({
  id: createIdentity({ random: () => seed }).id,
  box: createBoxKeyPair(() => secret),
});
const a = peerOf(run(32, 1), run(32, 50));
const b = peerOf(run(32, 101), run(32, 150));

const keysOf = (room: string, secret: string | undefined, via: EnvelopeCarrier = "server") =>
  deriveDirectionKeys({
    via,
    room,
    roomKey: roomKeyOf(secret),
    myId: a.id,
    myBox: a.box,
    theirId: b.id,
    theirBox: b.box.publicKey,
  });

export function directionKeyVectors() {
  const rooms: [string, string | undefined, EnvelopeCarrier][] = [
    ["lab", undefined, "server"],
    ["lab2", undefined, "server"],
    ["lab", "correct horse battery staple", "server"],
    ["Größe 😀", "päss", "server"],
    ["lab", undefined, "channel"],
    ["lab", "correct horse battery staple", "channel"],
  ];
  const side = (peer: typeof a) => ({
    id: peer.id,
    boxSecret: hex(peer.box.secretKey),
    boxPublic: hex(peer.box.publicKey),
  });
  return {
    accepted: rooms.map(([room, secret, via]) => {
      const { seal, open } = keysOf(room, secret, via);
      return {
        via,
        room,
        secret: secret ?? null,
        roomKey: hex(roomKeyOf(secret)),
        a: side(a),
        b: side(b),
        aToB: hex(seal),
        bToA: hex(open),
      };
    }),
  };
}

export function envelopeVectors() {
  const { seal: key, open: back } = keysOf("lab", undefined);
  const body = utf8("sealed");
  const sealed = (counter: number, content: "signal" | "frame", plain: Uint8Array) => ({
    key: hex(key),
    counter,
    content,
    body: hex(plain),
    envelope: hex(sealEnvelope(key, counter, content, plain)),
  });
  const good = sealEnvelope(key, 7, "signal", body);
  const wrong = (why: string, code: string, envelope: Uint8Array, by = key) => ({
    why,
    code,
    key: hex(by),
    envelope: hex(envelope),
  });
  return {
    accepted: [
      sealed(0, "signal", body),
      sealed(7, "frame", body),
      sealed(2 ** 32 + 5, "frame", run(100, 0)),
      sealed(Number.MAX_SAFE_INTEGER, "signal", new Uint8Array(0)),
    ],
    rejected: [
      wrong("the counter altered", "forged", turned(good, 7)),
      wrong("the authenticator altered", "forged", turned(good, 8)),
      wrong("the body altered", "forged", turned(good, good.length - 1)),
      wrong("the last byte missing", "forged", good.subarray(0, -1)),
      wrong("reflected to its sender", "forged", good, back),
      wrong("told in another room", "forged", good, keysOf("lab2", undefined).seal),
      wrong("told to who has the room's secret", "forged", good, keysOf("lab", "secret").seal),
      wrong("shorter than an empty one", "malformed", good.subarray(0, 24)),
      wrong("empty", "malformed", new Uint8Array(0)),
      wrong("a counter beyond 2^53 - 1", "over-limit", concatBytes(fill(8, 0xff), good.subarray(8))),
    ],
  };
}

/** Which of a run of counters are taken: decided by sealing and opening, as a peer does. */
export function replayVectors() {
  const key = run(32, 9);
  const runs: [string, number[]][] = [
    ["in order", [0, 1, 2, 3]],
    ["repeated", [5, 5, 4, 4, 5]],
    ["out of order within the window", [1023, 0, 512, 0, 1023, 1]],
    ["too old: 1,024 or more below the highest", [1024, 0, 1, 2000, 976, 977]],
    ["a leap past the window forgets nothing that it should know", [3, 5000, 3976, 3977, 3977, 5000, 4999]],
    ["a leap of exactly one window", [0, 1024, 0, 1, 1024]],
    ["beyond 2^32", [2 ** 32, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1024, 2 ** 32]],
  ];
  return {
    accepted: runs.map(([why, counters]) => {
      const opener = new EnvelopeOpener(key);
      const taken = counters.map((counter) => opener.open(sealEnvelope(key, counter, "frame", new Uint8Array(0))).ok);
      return { why, counters, taken };
    }),
  };
}
