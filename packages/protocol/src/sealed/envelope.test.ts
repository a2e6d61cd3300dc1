import fc from "fast-check";
import nacl from "tweetnacl";
import { describe, expect, it } from "vitest";
import { SkeinError } from "../errors.js";
import { createIdentity } from "../identity/identity.js";
import { createBoxKeyPair, deriveDirectionKeys, roomKeyOf } from "./direction-keys.js";
import { EnvelopeOpener, envelopeOverheadBytes, sealEnvelope } from "./envelope.js";

const fill = (byte: number) => (length: number) => new Uint8Array(length).fill(byte);
const peer = (byte: number) => ({
  id: createIdentity({ random: fill(byte) }).id,
  box: createBoxKeyPair(fill(byte + 10)),
});
const ann = peer(1);
const ben = peer(2);
const eve = peer(3);
const keys = (mine: typeof ann, theirs: typeof ann, room = "lab", secret?: string) =>
  deriveDirectionKeys({
    room,
    roomKey: roomKeyOf(secret),
    myId: mine.id,
    myBox: mine.box,
    theirId: theirs.id,
    theirBox: theirs.box.publicKey,
  });

const body = Uint8Array.of(1, 2, 3);
const key = keys(ann, ben).seal;
const codeOf = (opened: ReturnType<EnvelopeOpener["open"]>) => (opened.ok ? "accepted" : opened.code);
const open = (envelope: Uint8Array, by = keys(ben, ann).open) => new EnvelopeOpener(by).open(envelope);

describe("envelopes", () => {
  it("open at the other side, once, with any counter and body", () => {
    const content = fc.constantFrom("signal" as const, "frame" as const);
    fc.assert(
      fc.property(fc.maxSafeNat(), content, fc.uint8Array({ maxLength: 200 }), (counter, kind, plain) => {
        const envelope = sealEnvelope(key, counter, kind, plain);
        expect(envelope).toHaveLength(plain.length + envelopeOverheadBytes);
        const opener = new EnvelopeOpener(keys(ben, ann).open);
        expect(opener.open(envelope)).toEqual({ ok: true, value: { content: kind, body: Uint8Array.from(plain) } });
        expect(codeOf(opener.open(envelope))).toBe("replayed");
      }),
    );
  });

  it("are forged once any byte is another", () => {
    const envelope = sealEnvelope(key, 7, "signal", body);
    for (let i = 0; i < envelope.length; i++) {
      const altered = Uint8Array.from(envelope);
      altered[i] = (altered[i] as number) ^ 0x01;
      // The first byte alone takes the counter beyond 2^53 - 1.
      expect(codeOf(open(altered))).toBe(i === 0 ? "over-limit" : "forged");
    }
  });

  it("are malformed or forged once truncated or made longer", () => {
    const envelope = sealEnvelope(key, 7, "signal", body);
    for (let length = 0; length < envelope.length; length++) {
      expect(codeOf(open(envelope.subarray(0, length)))).toBe(length < envelopeOverheadBytes ? "malformed" : "forged");
    }
    expect(codeOf(open(Uint8Array.of(...envelope, 0)))).toBe("forged");
  });

  it("can't be reflected, moved to another room, told without the secret, or passed off as another's", () => {
    const envelope = sealEnvelope(key, 7, "signal", body);
    expect(codeOf(open(envelope))).toBe("accepted");
    expect(codeOf(open(envelope, keys(ann, ben).open))).toBe("forged");
    expect(codeOf(open(envelope, keys(ben, ann, "lab2").open))).toBe("forged");
    expect(codeOf(open(envelope, keys(ben, ann, "lab", "secret").open))).toBe("forged");
    expect(codeOf(open(envelope, keys(ben, eve).open))).toBe("forged");
    expect(codeOf(open(envelope, keys(eve, ann).open))).toBe("forged");
  });

  it("that are forged don't use up their counter: the genuine one still opens", () => {
    const opener = new EnvelopeOpener(keys(ben, ann).open);
    const genuine = sealEnvelope(key, 5, "signal", body);
    const forged = Uint8Array.from(genuine);
    forged[20] = (forged[20] as number) ^ 1;
    const far = sealEnvelope(keys(eve, ben).seal, Number.MAX_SAFE_INTEGER, "signal", body);
    expect(codeOf(opener.open(forged))).toBe("forged");
    expect(codeOf(opener.open(far))).toBe("forged");
    expect(codeOf(opener.open(genuine))).toBe("accepted");
  });

  it("with a counter beyond 2^53 - 1 are over the limit", () => {
    const nonce = new Uint8Array(24);
    nonce.fill(0xff, 16);
    const sealed = nacl.secretbox(Uint8Array.of(1, 1), nonce, key);
    expect(codeOf(open(Uint8Array.of(...nonce.subarray(16), ...sealed)))).toBe("over-limit");
  });

  it("of a content that isn't known are of an unknown type, and use their counter up", () => {
    const nonce = new Uint8Array(24);
    const envelope = Uint8Array.of(...nonce.subarray(16), ...nacl.secretbox(Uint8Array.of(9), nonce, key));
    const opener = new EnvelopeOpener(key);
    expect(codeOf(opener.open(envelope))).toBe("unknown-type");
    expect(codeOf(opener.open(envelope))).toBe("replayed");
  });

  it("never throw, whatever the bytes", () => {
    const opener = new EnvelopeOpener(key);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(opener.open(bytes).ok).toBe(false);
      }),
    );
  });

  it("are not sealed with a counter that isn't one", () => {
    for (const counter of [-1, 0.5, 2 ** 53, Number.NaN]) {
      expect(() => sealEnvelope(key, counter, "signal", body)).toThrow(SkeinError);
    }
  });

  it("of different counters share no nonce, above and below 2^32", () => {
    const counters = [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1];
    const sealed = counters.map((counter) => Buffer.from(sealEnvelope(key, counter, "frame", body)).toString("hex"));
    expect(new Set(sealed.map((hex) => hex.slice(16))).size).toBe(counters.length);
    expect(sealed.map((hex) => BigInt(`0x${hex.slice(0, 16)}`))).toEqual(counters.map(BigInt));
  });
});
