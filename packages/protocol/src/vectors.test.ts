import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { makeVectors, vectorFolder } from "../scripts/make-vectors.ts";
import { fromVector, toVector, unhex } from "../scripts/vectors/notation.ts";
import { compareVersions, settleProtocol } from "./app/settlement.js";
import { decode } from "./codec/message-pack.js";
import { ByteReader, writeVarint } from "./codec/varint.js";
import { verifyCard } from "./identity/card.js";
import { portableEd25519 } from "./identity/ed25519.js";
import { createIdentity, loadIdentity, verifySignature } from "./identity/identity.js";
import { verifyJoin } from "./identity/join-proof.js";
import { type PeerId, parsePeerId, peerIdOf } from "./identity/peer-id.js";
import { createBoxKeyPair, deriveDirectionKeys, roomKeyOf } from "./sealed/direction-keys.js";
import { EnvelopeOpener, sealEnvelope } from "./sealed/envelope.js";
import { decodeClientMessage, decodeServerMessage } from "./wire/control.js";
import { decodePacket } from "./wire/packet.js";
import { decodePayload } from "./wire/payload.js";
import { decodeFrame } from "./wire/record.js";
import { decodeRelayPacket } from "./wire/relay.js";
import { RelayChannel } from "./wire/relay-channel.js";
import { decodeSignal } from "./wire/signal.js";

const read = (name: string) => readFileSync(new URL(name, vectorFolder), "utf8");
const load = (name: string) =>
  JSON.parse(read(`${name}.json`)) as { accepted: any[]; rejected: any[]; ascending: string[] };

describe("the vectors' files", () => {
  it("are what the script makes, no more and no less", async () => {
    const made = await makeVectors();
    expect(
      readdirSync(vectorFolder)
        .filter((name) => name.endsWith(".json"))
        .sort(),
    ).toEqual(Object.keys(made).sort());
    for (const [name, text] of Object.entries(made))
      expect(read(name) === text, `${name}: run make-vectors.ts`).toBe(true);
  });

  it("say why each rejected one is, with a code that exists", () => {
    const codes = ["malformed", "over-limit", "forged", "replayed", "unknown-type", "unsupported-version"];
    for (const name of [
      "card",
      "channel-message",
      "control",
      "envelope",
      "frame",
      "message-pack",
      "packet",
      "payload",
      "peer-id",
      "relay",
      "signal",
      "varint",
    ]) {
      for (const vector of load(name).rejected) {
        expect(codes).toContain(vector.code);
        expect(vector.why).toEqual(expect.any(String));
      }
    }
  });
});

/** Files whose vectors are one byte string and what it reads as. */
const readers: Record<
  string,
  { field: string; decode: (vector: any, bytes: Uint8Array) => unknown; value: (vector: any) => unknown }
> = {
  "message-pack": { field: "bytes", decode: (_, bytes) => decode(bytes), value: (vector) => fromVector(vector.value) },
  control: {
    field: "body",
    decode: ({ from }, bytes) => (from === "client" ? decodeClientMessage(bytes) : decodeServerMessage(bytes)),
    value: (vector) => fromVector(vector.message),
  },
  signal: { field: "body", decode: (_, bytes) => decodeSignal(bytes), value: (vector) => fromVector(vector.signal) },
  relay: {
    field: "body",
    decode: (_, bytes) => decodeRelayPacket(bytes),
    value: (vector) => fromVector(vector.packet),
  },
  frame: { field: "frame", decode: (_, bytes) => decodeFrame(bytes), value: (vector) => fromVector(vector.records) },
  payload: {
    field: "bytes",
    decode: (_, bytes) => decodePayload(bytes),
    value: (vector) => fromVector(vector.payload),
  },
  packet: {
    field: "packet",
    decode: (_, bytes) => decodePacket(bytes),
    value: ({ packet: _, body, envelope, ...rest }) => ({
      ...rest,
      ...(body === undefined ? {} : { body: unhex(body) }),
      ...(envelope === undefined ? {} : { envelope: unhex(envelope) }),
    }),
  },
};

describe.each(Object.entries(readers))("%s", (name, { field, decode: decodeVector, value }) => {
  const { accepted, rejected } = load(name);
  it.each(accepted.map((vector) => [vector[field].slice(0, 40), vector]))("reads %s", (_, vector) => {
    expect(decodeVector(vector, unhex(vector[field]))).toEqual({ ok: true, value: value(vector) });
  });
  it.each(rejected.map((vector) => [vector.why, vector]))("rejects %s", (_, vector) => {
    expect(decodeVector(vector, unhex(vector[field]))).toMatchObject({ ok: false, code: vector.code });
  });
});

describe("identity", () => {
  const { accepted, rejected } = load("identity");
  it.each(accepted)("seed $seed", async ({ seed, publicKey, id, saved, message, signatures }) => {
    const identity = createIdentity({ random: () => unhex(seed) });
    expect(identity.id).toBe(id);
    expect(identity.publicKey).toEqual(unhex(publicKey));
    expect(loadIdentity(saved).id).toBe(id);
    for (const { purpose, signature } of signatures) {
      expect(await identity.sign(purpose, unhex(message))).toEqual(unhex(signature));
      for (const ed25519 of [undefined, portableEd25519]) {
        expect(await verifySignature(purpose, unhex(publicKey), unhex(message), unhex(signature), ed25519)).toBe(true);
      }
    }
  });
  it.each(rejected)("rejects: $why", async ({ purpose, publicKey, message, signature }) => {
    for (const ed25519 of [undefined, portableEd25519]) {
      expect(await verifySignature(purpose, unhex(publicKey), unhex(message), unhex(signature), ed25519)).toBe(false);
    }
  });
});

describe("peer id", () => {
  const { accepted, rejected, ascending } = load("peer-id");
  it.each(accepted)("$id", ({ key, id }) => {
    expect(peerIdOf(unhex(key))).toBe(id);
    expect(parsePeerId(id)).toBe(id);
  });
  it.each(rejected)("rejects: $why", ({ id }) => {
    expect(() => parsePeerId(id)).toThrow();
  });
  it("has an order of its own", () => {
    expect([...ascending].sort()).toEqual(ascending);
  });
});

describe("relay channel", () => {
  it.each(load("relay-channel").accepted)("$why", ({ steps }) => {
    const channel = new RelayChannel();
    for (const step of steps) {
      const packet = fromVector(step.packet) as never;
      if (step.do === "open") channel.open(step.theirs);
      else if (step.do === "send") expect(channel.wrap((packet as { frame: Uint8Array }).frame)).toEqual(packet);
      else expect(channel.receive(packet).type).toBe(step.news);
    }
  });
});

describe("channel message", () => {
  const { accepted, rejected } = load("channel-message");
  /** As a carrier does: what begins with 0 is a frame's envelope, all else a packet. */
  const readMessage = (message: Uint8Array) => {
    if (message[0] === 0) return new EnvelopeOpener(new Uint8Array(32)).open(message.subarray(1));
    const packet = decodePacket(message);
    return packet.ok && packet.value.kind === "control" ? decodeServerMessage(packet.value.body) : packet;
  };
  it.each(accepted)("$carries $kind", ({ message, carries, said, envelope, peer }) => {
    const read = readMessage(unhex(message));
    // That it is sealed under another key is all that is wrong with this frame.
    if (carries === "frame") expect(read).toMatchObject({ ok: false, code: "forged" });
    else if (said !== undefined) expect(read).toEqual({ ok: true, value: fromVector(said) });
    else expect(read).toMatchObject({ ok: true, value: { peer, envelope: unhex(envelope) } });
  });
  it.each(rejected)("rejects: $why", ({ message, code }) => {
    expect(readMessage(unhex(message))).toMatchObject({ ok: false, code });
  });
});

describe("card", () => {
  const { accepted, rejected } = load("card");
  it.each(accepted)("of $card.n", async ({ card, b, s }) => {
    expect(await verifyCard({ b: unhex(b), s: unhex(s) })).toEqual({ ok: true, value: fromVector(card) });
  });
  it.each(rejected)("rejects: $why", async ({ b, s, code }) => {
    expect(await verifyCard({ b: unhex(b), s: unhex(s) })).toMatchObject({ ok: false, code });
  });
});

describe("join proof", () => {
  const { accepted, rejected } = load("join-proof");
  const verify = ({ id, nonce, room, card, proof }: any) =>
    verifyJoin(id as PeerId, unhex(nonce), room, { b: unhex(card), s: new Uint8Array(64) }, unhex(proof));
  it.each(accepted)("for $room", async (vector) => {
    expect(await verify(vector)).toBe(true);
  });
  it.each(rejected)("rejects: $why", async (vector) => {
    expect(await verify(vector)).toBe(false);
  });
});

describe("direction keys", () => {
  const { accepted } = load("direction-keys");
  it.each(accepted)("of $room with $secret via $via", ({ via, room, secret, roomKey, a, b, aToB, bToA }) => {
    expect(roomKeyOf(secret ?? undefined)).toEqual(unhex(roomKey));
    const derive = (mine: typeof a, theirs: typeof a) =>
      deriveDirectionKeys({
        via,
        room,
        roomKey: unhex(roomKey),
        myId: mine.id,
        myBox: createBoxKeyPair(() => unhex(mine.boxSecret)),
        theirId: theirs.id,
        theirBox: unhex(theirs.boxPublic),
      });
    expect(toVector(derive(a, b))).toEqual({ seal: { $bytes: aToB }, open: { $bytes: bToA } });
    expect(toVector(derive(b, a))).toEqual({ seal: { $bytes: bToA }, open: { $bytes: aToB } });
  });
});

describe("envelope", () => {
  const { accepted, rejected } = load("envelope");
  it.each(accepted)("of counter $counter", ({ key, counter, content, body, envelope }) => {
    expect(sealEnvelope(unhex(key), counter, content, unhex(body))).toEqual(unhex(envelope));
    expect(new EnvelopeOpener(unhex(key)).open(unhex(envelope))).toEqual({
      ok: true,
      value: { content, body: unhex(body) },
    });
  });
  it.each(rejected)("rejects: $why", ({ key, envelope, code }) => {
    expect(new EnvelopeOpener(unhex(key)).open(unhex(envelope))).toMatchObject({ ok: false, code });
  });
});

describe("replay", () => {
  it.each(load("replay").accepted)("$why", ({ counters, taken }) => {
    const key = new Uint8Array(32);
    const opener = new EnvelopeOpener(key);
    const opened = counters.map((counter: number) =>
      opener.open(sealEnvelope(key, counter, "signal", new Uint8Array(0))),
    );
    expect(opened.map(({ ok }: { ok: boolean }) => ok)).toEqual(taken);
    for (const result of opened) if (!result.ok) expect(result.code).toBe("replayed");
  });
});

describe("varint", () => {
  const { accepted, rejected } = load("varint");
  it.each(accepted)("$value", ({ value, bytes }) => {
    const written: number[] = [];
    writeVarint(written, value);
    expect(Uint8Array.from(written)).toEqual(unhex(bytes));
    expect(new ByteReader(unhex(bytes)).varint()).toBe(value);
  });
  it.each(rejected)("rejects: $why", ({ bytes }) => {
    const reader = new ByteReader(unhex(bytes));
    reader.varint();
    expect(reader.failed).toBe(true);
  });
});

describe("settlement", () => {
  const { accepted, ascending } = load("settlement");
  it.each(accepted)("$ours with $theirs", ({ ours, theirs, version }) => {
    for (const [mine, other] of [
      [ours, theirs],
      [theirs, ours],
    ]) {
      const settled = settleProtocol("p", { p: mine }, { p: other });
      expect(settled.settled ? settled.version : null).toBe(version);
    }
  });
  it("orders versions", () => {
    expect([...ascending].reverse().sort(compareVersions)).toEqual(ascending);
  });
});
