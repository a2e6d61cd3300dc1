import { describe, expect, it } from "vitest";
import { signCard } from "./card.js";
import { createIdentity } from "./identity.js";
import { nonceBytes, proveJoin, verifyJoin } from "./join-proof.js";

const seeded = (byte: number) => createIdentity({ random: (length) => new Uint8Array(length).fill(byte) });
const identity = seeded(1);
const fields = { id: identity.id, box: new Uint8Array(32), started: 0, caps: [], protocols: {} };

describe("the proof of a join", async () => {
  const nonce = new Uint8Array(nonceBytes).fill(5);
  const card = await signCard(identity, { ...fields, n: 0 });
  const proof = await proveJoin(identity, nonce, "lab", card);

  it("holds for its peer, nonce, room and card", async () => {
    expect(proof).toHaveLength(64);
    expect(await verifyJoin(identity.id, nonce, "lab", card, proof)).toBe(true);
  });

  it("holds for no other peer, nonce, room or card", async () => {
    expect(await verifyJoin(seeded(2).id, nonce, "lab", card, proof)).toBe(false);
    expect(await verifyJoin(identity.id, new Uint8Array(nonceBytes), "lab", card, proof)).toBe(false);
    expect(await verifyJoin(identity.id, nonce, "labs", card, proof)).toBe(false);
    const later = await signCard(identity, { ...fields, n: 1 });
    expect(await verifyJoin(identity.id, nonce, "lab", later, proof)).toBe(false);
  });

  it("isn't the card's signature, nor anything of a wrong length", async () => {
    expect(await verifyJoin(identity.id, nonce, "lab", card, card.s)).toBe(false);
    expect(await verifyJoin(identity.id, nonce, "lab", card, proof.subarray(1))).toBe(false);
    expect(await verifyJoin(identity.id, nonce, "lab", card, new Uint8Array(0))).toBe(false);
  });
});
