import { describe, expect, it } from "vitest";
import { decode, encode } from "../codec/message-pack.js";
import { ByteReader } from "../codec/varint.js";
import type { Decoded } from "../decoded.js";
import { readCard } from "../identity/card.js";
import { limits } from "../limits.js";
import { ReplayWindow } from "../sealed/replay-window.js";
import { decodeClientMessage, decodeServerMessage } from "../wire/control.js";
import { decodePacket } from "../wire/packet.js";
import { decodePayload, payloadKind } from "../wire/payload.js";
import { decodeFrame, encodeClose, encodeHello, type Hello } from "../wire/record.js";
import { decodeSignal } from "../wire/signal.js";
import { numberOf, tableOf } from "./pages.test-support.js";

const { MAX_SAFE_INTEGER } = Number;

/** What the code does with so much, or so many, of something: whether it takes it, or under which code it rejects it. */
type Probe = (size: number) => string;
/** A limit that isn't one of decoding: where the code keeps it. Links and apps are held to it by tests of their own. */
type Kept = number;

const bytes = (length: number) => new Uint8Array(length);
const many = <Item>(count: number, item: Item): Item[] => new Array(count).fill(item);
const keyed = <Item>(count: number, item: Item) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, item]));

function told(decoded: Decoded<unknown>): string {
  return decoded.ok ? "taken" : decoded.code;
}

const client = (message: object) => told(decodeClientMessage(encode(message)));
const server = (message: object) => told(decodeServerMessage(encode(message)));
const signal = (map: object) => told(decodeSignal(encode(map)));
const payload = (kind: number, varints: readonly number[], rest: Uint8Array) =>
  told(decodePayload(Uint8Array.of(kind, ...varints, ...rest)));
const ascii = (length: number) => new TextEncoder().encode("x".repeat(length));
const text = (length: number) => "x".repeat(length);

const card = { b: bytes(3), s: bytes(64) };
const join = { t: "join", room: "lab", card, proof: bytes(64) };
const challenge = {
  t: "challenge",
  nonce: bytes(32),
  server: "s",
  versions: [1],
  limits: { packetBytes: 1, graceMs: 1 },
};
const error = { t: "error", code: "closed", message: "", fatal: false };
const ownCard = { v: 1, id: bytes(32), box: bytes(32), started: 0, caps: [], protocols: {}, n: 0 };
const hello: Hello = { link: bytes(8), next: 0, credit: [0, 0, 0], protocols: {}, features: [] };

const asCard = (map: object) => told(readCard({ b: encode({ ...ownCard, ...map }), s: bytes(64) }));
const asHello = (more: Partial<Hello>) => told(decodeFrame(encodeHello({ ...hello, ...more })));
const iceServer = (more: object) => server({ t: "ice", ice: [{ urls: ["stun:a"], ...more }] });
const candidate = (more: object, u = "a") =>
  signal({ t: "candidates", g: 1, u, list: [{ c: "candidate:", mid: "0", ...more }] });

/** Fills up to a length with what is passed over. */
function padded(length: number, make: (padding: Uint8Array) => Uint8Array): Uint8Array {
  const least = make(bytes(60_000 < length ? 60_000 : 300)).length - (60_000 < length ? 60_000 : 300);
  return make(bytes(length - least));
}

/** A record of an unknown type that fills a frame. */
function frameOf(length: number): Uint8Array {
  const body = length - 4;
  const frame = bytes(length);
  frame.set([99, (body & 0x7f) | 0x80, ((body >> 7) & 0x7f) | 0x80, body >> 14]);
  return frame;
}

function packetOf(length: number): Uint8Array {
  const packet = bytes(length);
  packet[0] = 1;
  return packet;
}

function varint(value: number): string {
  const digits: number[] = [];
  for (let rest = BigInt(value); digits.length === 0 || rest > 0n; rest >>= 7n)
    digits.push(Number(rest & 0x7fn) | 0x80);
  digits.push((digits.pop() as number) & 0x7f);
  const reader = new ByteReader(Uint8Array.from(digits));
  reader.varint();
  return reader.failed ? "malformed" : "taken";
}

function nested(depth: number): string {
  let value: unknown = null;
  for (let i = 0; i < depth; i++) value = [value];
  return told(decode(Uint8Array.of(...many(depth, 0x91), 0xc0)));
}

/** Whether a counter so far below the highest can still be told from one that was seen. */
function window(size: number): string {
  const replays = new ReplayWindow();
  replays.accept(5_000);
  return replays.isFresh(5_000 - size + 1) ? "taken" : "replayed";
}

/** A list of zeros, which counts as one more. */
function values(count: number): string {
  const list = bytes(5 + count - 1);
  list[0] = 0xdd;
  new DataView(list.buffer).setUint32(1, count - 1);
  return told(decode(list));
}

/** For each row of the table what holds each of its numbers. */
const held: Readonly<Record<string, readonly (Probe | Kept)[]>> = {
  "a packet (one WebSocket message)": [(size) => told(decodePacket(packetOf(size)))],
  "a frame": [(size) => told(decodeFrame(frameOf(size)))],
  "a message of a link, put together from its pieces": [limits.messageBytes],
  "a payload of the lossy lane": [limits.lossyBytes],
  // Of a path: `packages/client/src/link/path.test.ts`, and the kit's "a fifth HELLO on one path is a violation".
  "HELLOs of one side on one path": [4],
  "a signal, within its envelope": [
    (size) => told(decodeSignal(padded(size, (pad) => encode({ t: "bye", g: 1, reason: "r", pad })))),
  ],
  "`sdp`": [limits.signalBytes],
  "a card (`b`)": [(size) => told(readCard({ b: padded(size, (pad) => encode({ ...ownCard, pad })), s: bytes(64) }))],
  "a card's `meta`, encoded": [limits.cardMetaBytes],
  "a name: rooms, peers, protocols, types, capabilities, codes, reasons that are names": [
    (size) => {
      const name = text(size);
      const all = [
        client({ ...join, room: name }),
        asCard({ name }),
        asCard({ kind: name }),
        asCard({ caps: [name] }),
        asCard({ protocols: { [name]: [] } }),
        asHello({ protocols: { [name]: [] } }),
        server({ ...error, code: name }),
        server({ t: "peer-left", id: bytes(32), reason: name }),
        payload(payloadKind.failure, [0], encode({ code: name, message: "" })),
      ];
      return [...new Set(all)].join();
    },
  ],
  "a type in full (`bind`)": [(size) => payload(payloadKind.bind, [0], ascii(size))],
  "capabilities in a card": [(count) => asCard({ caps: many(count, "a") })],
  "app protocols in a card or HELLO": [
    (count) => [...new Set([asCard({ protocols: keyed(count, []) }), asHello({ protocols: keyed(count, []) })])].join(),
  ],
  "versions of one": [
    (count) => asHello({ protocols: { a: many(count, "1") } }),
    (length) => asHello({ protocols: { a: [text(length)] } }),
  ],
  "features in HELLO": [(count) => asHello({ features: many(count, "a") })],
  "candidates in one signal": [
    (count) => signal({ t: "candidates", g: 1, u: "a", list: many(count, { c: "c", mid: "0" }) }),
  ],
  "a candidate (`c`); its `mid`; its `u`": [
    (length) => candidate({ c: text(length) }),
    (length) => candidate({ mid: text(length) }),
    (length) => candidate({}, text(length)),
  ],
  "ICE servers in `joined` or `ice`; `urls` of one": [
    (count) => server({ t: "ice", ice: many(count, { urls: [] }) }),
    (count) => iceServer({ urls: many(count, "stun:a") }),
  ],
  "ICE addresses that a client uses, of all that one message names": [limits.iceUrls],
  "an ICE address; user name; credential": [
    (length) =>
      [
        ...new Set([
          iceServer({ urls: [text(length)] }),
          iceServer({ username: text(length) }),
          iceServer({ credential: text(length) }),
        ]),
      ].join(),
  ],
  "a token": [(length) => client({ ...join, token: text(length) })],
  "wire versions in `challenge`": [(count) => server({ ...challenge, versions: many(count, 1) })],
  "cards in one `peers` or `joined`; peers of a room that a client sees": [
    (count) => server({ t: "peers", peers: many(count, card) }),
    limits.roomPeers,
  ],
  // Of a connection: `packages/client/src/signaling/web-socket.test.ts`.
  "challenges on one connection": [1],
  "`error.message`; a failure's `message`; a close's `reason`": [
    (length) => server({ ...error, message: text(length) }),
    (length) => payload(payloadKind.failure, [0], encode({ code: "aborted", message: text(length) })),
    (length) => told(decodeFrame(encodeClose({ code: "left", reason: text(length) }))),
  ],
  "nesting of a MessagePack value (arrays and maps, one within the other)": [nested],
  "values in one MessagePack document, keys included": [values],
  "the replay window": [window],
  "counters, sequences, tokens, generations, `n`": [
    (most) => (most === MAX_SAFE_INTEGER ? varint(most) : varint(2 ** 53)),
  ],
  "type numbers bound by one side of a link": [limits.boundTypes],
  "requests of one peer that are open": [limits.openRequests],
  "refusals of requests that one peer doesn't take": [limits.openRequests],
  "streams that one peer opened and that aren't over": [limits.openStreams],
  "a stream's name": [(size) => payload(payloadKind["stream-open"], [0, 0], ascii(size))],
};

const rows = tableOf("limits.md", "Limits", "what");

it("the table has what is held here, and nothing else", () => {
  expect(rows.map(([what]) => what)).toEqual(Object.keys(held));
});

describe.each(rows.map(([what, most]) => [what as string, most as string] as const))("%s", (what, most) => {
  it(`has the limit that the table says: ${most}`, () => {
    const parts = numbersOf(most);
    const probes = held[what] ?? [];
    expect(parts).toHaveLength(probes.length);
    for (const [index, probe] of probes.entries()) {
      const { least, greatest } = parts[index] as Range;
      if (typeof probe === "number") expect(probe).toBe(greatest);
      else holds(what, probe, least, greatest);
    }
  });
});

function holds(what: string, probe: Probe, least: number | undefined, greatest: number): void {
  // A whole over its limit, or a field of one.
  const isWhole = /^a (packet|frame|signal|card)|MessagePack/.test(what);
  const over = what.includes("window") ? "replayed" : isWhole ? "over-limit" : "malformed";
  expect([probe(greatest), probe(greatest + 1)]).toEqual(["taken", over]);
  if (least !== undefined) expect([probe(least), probe(least - 1)]).toEqual(["taken", "malformed"]);
}

interface Range {
  readonly least: number | undefined;
  readonly greatest: number;
}

/** `1 to 128 characters`, `16; 16`, `2^53 - 1`, `16, of 1 to 32 characters each`. */
function numbersOf(cell: string): Range[] {
  return [...cell.matchAll(/(?:(\d+) to )?(2\^53 - 1|\d[\d,]*\d|\d)/g)].map(([, least, greatest]) => ({
    least: least === undefined ? undefined : numberOf(least),
    greatest: numberOf(greatest as string),
  }));
}
