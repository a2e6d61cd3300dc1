import { type BoxKeyPair, type Card, createBoxKeyPair, createIdentity, type PeerId, roomKeyOf } from "@skein/protocol";
import { describe, expect, it } from "vitest";
import { countingRandom } from "../testing.test-support.js";
import { SealingKeys, SecureChannel } from "./secure-channel.js";

interface Side {
  readonly id: PeerId;
  readonly box: BoxKeyPair;
}

const side = (seed: number): Side => ({
  id: createIdentity({ random: countingRandom(seed) }).id,
  box: createBoxKeyPair(countingRandom(seed + 1)),
});

const cardOf = ({ id, box }: Side): Card => ({ id, box: box.publicKey, started: 0, caps: [], protocols: {}, n: 0 });

const keysOf = (of: Side) => new SealingKeys({ room: "lab", roomKey: roomKeyOf(undefined), id: of.id, box: of.box });

function pair() {
  const [ann, ben, cat] = [side(10), side(20), side(30)];
  const keys = keysOf(ann);
  return {
    toBen: new SecureChannel(keys, cardOf(ben)),
    toCat: new SecureChannel(keys, cardOf(cat)),
    fromAnn: new SecureChannel(keysOf(ben), cardOf(ann)),
  };
}

const body = Uint8Array.of(1, 2, 3);

describe("a secure channel", () => {
  it("opens what the other side sealed, once", () => {
    const { toBen, fromAnn } = pair();
    const envelope = toBen.seal("signal", body);
    expect(fromAnn.open("signal", envelope)).toEqual({ ok: true, value: body });
    expect(fromAnn.open("signal", envelope)).toMatchObject({ ok: false, code: "replayed" });
  });

  it("takes a frame for no signal, and a signal for no frame", () => {
    const { toBen, fromAnn } = pair();
    expect(fromAnn.open("signal", toBen.seal("frame", body))).toMatchObject({ ok: false, code: "malformed" });
    expect(fromAnn.open("frame", toBen.seal("signal", body))).toMatchObject({ ok: false, code: "malformed" });
    expect(fromAnn.open("frame", toBen.seal("frame", body))).toEqual({ ok: true, value: body });
  });

  it("never seals two envelopes of one join under the same count, whoever they go to", () => {
    const { toBen, toCat } = pair();
    const counters = [toBen, toCat, toBen, toCat].map((to) => to.seal("signal", body).subarray(0, 8).join());
    expect(new Set(counters).size).toBe(4);
  });
});
