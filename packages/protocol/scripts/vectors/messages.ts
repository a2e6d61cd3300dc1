import {
  type ClientMessage,
  encode,
  encodeControl,
  encodeForwardPacket,
  encodeRelayPacket,
  encodeSignal,
  limits,
  peerIdOf,
  type RelayPacket,
  type ServerMessage,
  type Signal,
} from "@skein/protocol";
import { fill, hex, run, toVector } from "./notation.ts";

const key = run(32, 1);
const card = { b: run(10, 30), s: run(64, 60) };

const fromClient: ClientMessage[] = [
  { t: "join", room: "lab", card, proof: run(64, 90), token: "a.b.c" },
  { t: "join", room: "lab", card, proof: run(64, 90) },
  { t: "announce", card },
  { t: "token", token: "d.e.f" },
  { t: "ping" },
  { t: "leave" },
];
const fromServer: ServerMessage[] = [
  {
    t: "challenge",
    nonce: run(32, 200),
    server: "skein",
    versions: [1],
    limits: { packetBytes: 131_072, graceMs: 10_000 },
  },
  { t: "peers", peers: [card] },
  { t: "joined", room: "lab", peers: [], ice: [] },
  {
    t: "joined",
    room: "lab",
    peers: [card],
    ice: [
      { urls: ["stun:stun.example.org:3478"] },
      { urls: ["turn:turn.example.org:3478"], username: "1790000000:ada", credential: "secret" },
    ],
  },
  { t: "ice", ice: [] },
  {
    t: "ice",
    ice: [
      {
        urls: ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443?transport=tcp"],
        username: "1790003600:Pq3xV0nLw8uYt1aB",
        credential: "secret",
      },
    ],
  },
  { t: "peer-joined", card },
  { t: "peer-updated", card },
  { t: "peer-away", id: key },
  { t: "peer-left", id: key, reason: "lost" },
  { t: "undeliverable", to: key, reason: "gone" },
  { t: "undeliverable", to: key, reason: "gone", class: "signal" },
  { t: "undeliverable", to: key, reason: "busy", class: "relay" },
  { t: "pong" },
  { t: "expiring", after: 60_000 },
  { t: "draining", after: 2_500 },
  { t: "error", code: "rate-limited", message: "Slower, please.", fatal: false, retryAfter: 250 },
  { t: "error", code: "not-authorised", message: "The proof isn't the card's peer's.", fatal: true },
];

const bodyOf = (message: ClientMessage | ServerMessage) => hex(encodeControl(message)).slice(2);
const written = (value: unknown) => hex(encode(value));

export function controlVectors() {
  const wrong = (why: string, code: string, from: "client" | "server", body: string) => ({ why, code, from, body });
  const join = { t: "join", room: "lab", card, proof: run(64, 90) };
  return {
    accepted: [
      ...fromClient.map((message) => ({ from: "client", message: toVector(message), body: bodyOf(message) })),
      ...fromServer.map((message) => ({ from: "server", message: toVector(message), body: bodyOf(message) })),
      { from: "client", message: { t: "ping" }, body: written({ t: "ping", later: [1, 2] }) },
    ],
    rejected: [
      wrong("empty", "malformed", "client", ""),
      wrong("no map", "malformed", "client", written("ping")),
      wrong("no type", "malformed", "client", written({ room: "lab" })),
      wrong("a type that is no text", "malformed", "client", written({ t: 1 })),
      wrong("a type of a later version", "unknown-type", "client", written({ t: "later" })),
      wrong("a server's message from a client", "unknown-type", "client", written({ t: "pong" })),
      wrong("a type of a later version", "unknown-type", "server", written({ t: "later", after: 1 })),
      wrong("a name that objects inherit", "unknown-type", "server", written({ t: "constructor" })),
      wrong("a join without proof", "malformed", "client", written({ ...join, proof: undefined })),
      wrong("a join with a proof of 63 bytes", "malformed", "client", written({ ...join, proof: run(63, 0) })),
      wrong("a join without a room", "malformed", "client", written({ ...join, room: "" })),
      wrong(
        "a room's name over the limit",
        "malformed",
        "client",
        written({ ...join, room: "r".repeat(limits.nameLength + 1) }),
      ),
      wrong("bytes after the message", "malformed", "client", `${written({ t: "ping" })}00`),
      wrong("cut", "malformed", "client", written(join).slice(0, -2)),
      wrong("a key of 31 bytes", "malformed", "server", written({ t: "peer-away", id: run(31, 0) })),
      wrong(
        "a class that is none",
        "malformed",
        "server",
        written({ t: "undeliverable", to: key, reason: "busy", class: "bulk" }),
      ),
      wrong(
        "ICE servers without a list of addresses",
        "malformed",
        "server",
        written({ t: "ice", ice: [{ urls: "stun:a" }] }),
      ),
      wrong(
        "more ICE servers than a list may have",
        "malformed",
        "server",
        written({ t: "ice", ice: new Array(limits.iceServers + 1).fill({ urls: ["stun:a"] }) }),
      ),
      wrong("a nonce as text", "malformed", "server", written({ ...fromServer[0], nonce: "n" })),
    ],
  };
}

export function packetVectors() {
  const peer = peerIdOf(key);
  const envelope = run(30, 0);
  const forward = (kind: "signal" | "relay") => ({
    packet: hex(encodeForwardPacket(kind, peer, envelope)),
    kind: "forward",
    class: kind,
    peer,
    envelope: hex(envelope),
  });
  const wrong = (why: string, code: string, packet: string) => ({ why, code, packet });
  return {
    accepted: [
      { packet: hex(encodeControl({ t: "ping" })), kind: "control", body: written({ t: "ping" }) },
      forward("signal"),
      forward("relay"),
    ],
    rejected: [
      wrong("empty", "malformed", ""),
      wrong("a forward that ends in its key", "malformed", `02${"00".repeat(31)}`),
      wrong("a forward without an envelope", "malformed", `03${"00".repeat(32)}`),
      wrong("kind 0", "unknown-type", "00c0"),
      wrong("kind 4, kept for later", "unknown-type", `04${hex(fill(40, 1))}`),
    ],
  };
}

export function relayVectors() {
  const most = Number.MAX_SAFE_INTEGER;
  const packets: RelayPacket[] = [
    { channel: 1, index: 0, received: 0, frame: Uint8Array.of(4, 1, 1) },
    { channel: 2, index: 130, received: 70_000, frame: Uint8Array.of(4, 1, 2) },
    { channel: 3, index: 1, received: 131_072, frame: new Uint8Array(0) },
    { channel: most, index: most, received: most, frame: Uint8Array.of(0) },
  ];
  const wrong = (why: string, code: string, body: Uint8Array) => ({ why, code, body: hex(body) });
  return {
    accepted: packets.map((packet) => ({ packet: toVector(packet), body: hex(encodeRelayPacket(packet)) })),
    rejected: [
      wrong("nothing", "malformed", new Uint8Array(0)),
      wrong("a head that ends early", "malformed", Uint8Array.of(1, 0)),
      wrong("a number in more bytes than it needs", "malformed", Uint8Array.of(0x81, 0, 0, 0)),
    ],
  };
}

export function signalVectors() {
  const candidate = { c: "candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host", mid: "0" };
  const signals: Signal[] = [
    { t: "offer", g: 1, sdp: "v=0\r\n" },
    { t: "answer", g: 1, sdp: "v=0\r\n" },
    { t: "offer", g: 1, n: 1, sdp: "v=0\r\n" },
    { t: "answer", g: 1, n: 1, sdp: "v=0\r\n" },
    { t: "candidates", g: 1, u: "a1B2", list: [candidate] },
    { t: "candidates", g: 2, u: "a1B2", list: [] },
    { t: "bye", g: 3, reason: "left" },
  ];
  const wrong = (why: string, code: string, value: unknown) => ({ why, code, body: written(value) });
  return {
    accepted: signals.map((signal) => ({ signal: toVector(signal), body: hex(encodeSignal(signal)) })),
    rejected: [
      wrong("an offer without a generation", "malformed", { t: "offer", sdp: "v=0\r\n" }),
      wrong("a generation that is a fraction", "malformed", { t: "offer", g: 1.5, sdp: "v=0\r\n" }),
      wrong("an offer's number that is negative", "malformed", { t: "offer", g: 1, n: -1, sdp: "v=0\r\n" }),
      wrong("candidates without their fragment", "malformed", { t: "candidates", g: 1, list: [candidate] }),
      wrong("a candidate without its section", "malformed", { t: "candidates", g: 1, u: "a", list: [{ c: "c" }] }),
      wrong("too many candidates", "malformed", {
        t: "candidates",
        g: 1,
        u: "a",
        list: new Array(limits.candidates + 1).fill({ c: "c", mid: "0" }),
      }),
      wrong("a type of a later version", "unknown-type", { t: "later", g: 1 }),
    ],
  };
}
