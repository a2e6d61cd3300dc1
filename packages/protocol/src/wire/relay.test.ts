import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../limits.js";
import { decodeRelayPacket, encodeRelayPacket } from "./relay.js";

const count = fc.maxSafeNat();

describe("a relay packet", () => {
  it("comes back as it went", () => {
    fc.assert(
      fc.property(count, count, count, fc.uint8Array({ maxLength: 100 }), (channel, index, received, frame) => {
        const packet = { channel, index, received, frame };
        expect(decodeRelayPacket(encodeRelayPacket(packet))).toEqual({ ok: true, value: packet });
      }),
    );
  });

  it("takes a full frame, and not a byte more, however long its head is", () => {
    for (const most of [1, Number.MAX_SAFE_INTEGER]) {
      const full = { channel: most, index: most, received: most, frame: new Uint8Array(limits.frameBytes) };
      expect(decodeRelayPacket(encodeRelayPacket(full)).ok).toBe(true);
      const over = { ...full, frame: new Uint8Array(limits.frameBytes + 1) };
      expect(decodeRelayPacket(encodeRelayPacket(over))).toMatchObject({ code: "over-limit" });
    }
  });

  it("is never thrown at, whatever the bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (body) => void decodeRelayPacket(body)));
    expect(decodeRelayPacket(Uint8Array.of(1, 2))).toMatchObject({ code: "malformed" });
  });
});
