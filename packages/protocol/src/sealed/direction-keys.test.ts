import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SkeinError } from "../errors.js";
import { createIdentity } from "../identity/identity.js";
import { createBoxKeyPair, type DirectionKeysInput, deriveDirectionKeys, roomKeyOf } from "./direction-keys.js";

const fill = (byte: number) => (length: number) => new Uint8Array(length).fill(byte);
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const ann = { id: createIdentity({ random: fill(1) }).id, box: createBoxKeyPair(fill(11)) };
const ben = { id: createIdentity({ random: fill(2) }).id, box: createBoxKeyPair(fill(12)) };
const eve = { id: createIdentity({ random: fill(3) }).id, box: createBoxKeyPair(fill(13)) };
type Side = typeof ann;

const between = (mine: Side, theirs: Side, more: Partial<DirectionKeysInput> = {}) =>
  deriveDirectionKeys({
    room: "lab",
    roomKey: roomKeyOf(undefined),
    myId: mine.id,
    myBox: mine.box,
    theirId: theirs.id,
    theirBox: theirs.box.publicKey,
    ...more,
  });

describe("direction keys", () => {
  it("are the same on both sides, for any room and secret", () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string(), { nil: undefined }), (room, secret) => {
        const more = { room, roomKey: roomKeyOf(secret) };
        const a = between(ann, ben, more);
        const b = between(ben, ann, more);
        expect(a.seal).toEqual(b.open);
        expect(a.open).toEqual(b.seal);
        expect(a.seal).not.toEqual(a.open);
      }),
      { numRuns: 30 },
    );
  });

  it("differ by direction, room, secret, peer, box key and what carries the envelopes", () => {
    const all = [
      between(ann, ben),
      between(ann, ben, { room: "lab2" }),
      between(ann, ben, { roomKey: roomKeyOf("secret") }),
      between(ann, ben, { roomKey: roomKeyOf("") }),
      between(ann, eve),
      between(ann, ben, { theirId: eve.id }),
      between(ann, ben, { theirBox: eve.box.publicKey }),
      between(ann, ben, { myBox: eve.box }),
      between(ann, ben, { via: "channel" }),
    ].flatMap((keys) => [hexOf(keys.seal), hexOf(keys.open)]);
    expect(new Set(all).size).toBe(all.length);
    for (const key of all) expect(key).toHaveLength(64);
  });

  it("are no one else's: whoever copies a peer's public box key into its own card has other keys", () => {
    const copycat = { id: eve.id, box: ben.box };
    expect(between(ann, copycat).seal).not.toEqual(between(ann, ben).seal);
  });

  it("refuse a secret in the place of the room's key", () => {
    expect(() => between(ann, ben, { roomKey: new TextEncoder().encode("secret") })).toThrow(SkeinError);
  });
});

describe("a room's key", () => {
  it("is zeros without a secret, and a hash with one, even an empty one", () => {
    expect(roomKeyOf(undefined)).toEqual(new Uint8Array(32));
    expect(roomKeyOf("")).not.toEqual(new Uint8Array(32));
    expect(roomKeyOf("a")).toHaveLength(32);
    expect(roomKeyOf("a")).not.toEqual(roomKeyOf("b"));
  });
});
