import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode } from "../codec/message-pack.js";
import { limits } from "../limits.js";
import {
  type ClientMessage,
  decodeClientMessage,
  decodeServerMessage,
  encodeControl,
  type ServerMessage,
} from "./control.js";
import { decodePacket } from "./packet.js";

const card = { b: new Uint8Array(100).fill(1), s: new Uint8Array(64).fill(2) };
const id = new Uint8Array(32).fill(3);

const fromClient: ClientMessage[] = [
  { t: "join", room: "lab", card, proof: new Uint8Array(64), token: "jwt" },
  { t: "join", room: "lab", card, proof: new Uint8Array(64) },
  { t: "announce", card },
  { t: "token", token: "a.b.c" },
  { t: "ping" },
  { t: "leave" },
];
const fromServer: ServerMessage[] = [
  { t: "challenge", nonce: new Uint8Array(32), server: "skein", versions: [1], limits: { packetBytes: 1, graceMs: 2 } },
  { t: "peers", peers: [card] },
  { t: "joined", room: "lab", peers: [card, card], ice: [{ urls: ["stun:a"], username: "u", credential: "c" }] },
  { t: "ice", ice: [{ urls: ["turn:a"], username: "u", credential: "c" }] },
  { t: "peer-joined", card },
  { t: "peer-updated", card },
  { t: "peer-away", id },
  { t: "peer-left", id, reason: "lost" },
  { t: "undeliverable", to: id, reason: "gone", class: "relay" },
  { t: "pong" },
  { t: "expiring", after: 60_000 },
  { t: "draining", after: 0 },
  { t: "error", code: "rate-limited", message: "Slower.", fatal: false, retryAfter: 100 },
];

const bodyOf = (message: ClientMessage | ServerMessage) => {
  const packet = decodePacket(encodeControl(message));
  if (!packet.ok || packet.value.kind !== "control") throw new Error("no control packet");
  return packet.value.body;
};

const isOptional = (type: string, field: string) =>
  ["retryAfter", "class"].includes(field) || (type === "join" && field === "token");

describe.each([
  ["client", fromClient, decodeClientMessage],
  ["server", fromServer, decodeServerMessage],
] as const)("what a %s says", (_side, messages, decode) => {
  for (const message of messages) {
    it(`${message.t}: round-trips, and is held to its fields`, () => {
      expect(decode(bodyOf(message))).toEqual({ ok: true, value: message });
      expect(decode(encode({ ...message, later: { more: 1 } }))).toEqual({ ok: true, value: message });
      for (const field of Object.keys(message)) {
        // Of a wrong type, or missing; optional fields may be missing.
        expect(decode(encode({ ...message, [field]: [[]] })).ok).toBe(false);
        const without = decode(encode({ ...message, [field]: undefined }));
        expect(without.ok).toBe(isOptional(message.t, field));
      }
    });
  }

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...messages),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
        (message, changes) => {
          const body = Uint8Array.from(bodyOf(message));
          for (const [at, byte] of changes) body[at % body.length] = byte;
          decode(body);
          expect(decode(body.subarray(0, (changes[0]?.[0] ?? 0) % body.length)).ok).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is of an unknown type where a later version says more", () => {
    for (const t of ["later", "constructor"]) {
      expect(decode(encode({ t }))).toMatchObject({ code: "unknown-type" });
    }
  });
});

describe("control messages", () => {
  it("of the other side are of an unknown type", () => {
    expect(decodeClientMessage(encode({ t: "pong" }))).toMatchObject({ code: "unknown-type" });
    expect(decodeServerMessage(encode({ t: "ping" }))).toMatchObject({ code: "unknown-type" });
  });

  it("are held to the limits", () => {
    const join = { t: "join", room: "lab", card, proof: new Uint8Array(64) };
    const over = [
      { ...join, room: "r".repeat(limits.nameLength + 1) },
      { ...join, room: "" },
      { ...join, token: "t".repeat(limits.tokenLength + 1) },
      { ...join, proof: new Uint8Array(63) },
      { ...join, card: { ...card, b: new Uint8Array(limits.cardBytes + 1) } },
      { ...join, card: { ...card, s: new Uint8Array(65) } },
    ];
    expect(decodeClientMessage(encode(join)).ok).toBe(true);
    for (const message of over) expect(decodeClientMessage(encode(message))).toMatchObject({ code: "malformed" });
    const ice = new Array(limits.iceServers + 1).fill({ urls: ["stun:a"] });
    expect(decodeServerMessage(encode({ t: "joined", room: "lab", peers: [], ice }))).toMatchObject({
      code: "malformed",
    });
  });
});
