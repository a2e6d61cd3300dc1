import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { peerIdOf } from "../identity/peer-id.js";
import { limits } from "../limits.js";
import { decodePacket, encodeControlPacket, encodeForwardPacket, forwardHeaderBytes } from "./packet.js";

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe("packets", () => {
  it("round-trip", () => {
    const body = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(body, (bytes) => {
        expect(decodePacket(encodeControlPacket(bytes))).toEqual({
          ok: true,
          value: { kind: "control", body: Uint8Array.from(bytes) },
        });
      }),
    );
    const kind = fc.constantFrom("signal" as const, "relay" as const);
    fc.assert(
      fc.property(kind, key, fc.uint8Array({ minLength: 1, maxLength: 200 }), (forward, peer, envelope) => {
        const packet = encodeForwardPacket(forward, peerIdOf(peer), envelope);
        expect(packet).toHaveLength(forwardHeaderBytes + envelope.length);
        expect(decodePacket(packet)).toEqual({
          ok: true,
          value: { kind: "forward", class: forward, peer: peerIdOf(peer), envelope: Uint8Array.from(envelope) },
        });
      }),
    );
  });

  it("never throw, whatever the bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void decodePacket(bytes)));
  });

  it("are malformed when empty, or when a forward has no envelope", () => {
    expect(decodePacket(new Uint8Array(0))).toMatchObject({ code: "malformed" });
    for (const length of [1, 2, 32, 33]) {
      for (const kind of [2, 3]) {
        const packet = new Uint8Array(length);
        packet[0] = kind;
        expect(decodePacket(packet)).toMatchObject({ code: "malformed" });
      }
    }
  });

  it("of a kind that isn't known are of an unknown type, kind 4 too: it is kept for later", () => {
    for (const kind of [0, 4, 5, 255])
      expect(decodePacket(Uint8Array.of(kind, 1, 2))).toMatchObject({ code: "unknown-type" });
  });

  it("are held to the limit", () => {
    const packet = new Uint8Array(limits.packetBytes + 1);
    packet[0] = 1;
    expect(decodePacket(packet)).toMatchObject({ code: "over-limit" });
    expect(decodePacket(packet.subarray(1))).not.toMatchObject({ code: "over-limit" });
  });

  it("have room for a relayed frame of the largest size", () => {
    expect(forwardHeaderBytes + limits.frameBytes + 100).toBeLessThan(limits.packetBytes);
  });
});
