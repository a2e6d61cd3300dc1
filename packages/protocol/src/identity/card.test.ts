import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode } from "../codec/message-pack.js";
import { limits } from "../limits.js";
import { type Card, readCard, type SignedCard, signCard, verifyCard } from "./card.js";
import { createIdentity } from "./identity.js";

const seeded = (byte: number) => createIdentity({ random: (length) => new Uint8Array(length).fill(byte) });
const identity = seeded(1);
const card: Card = {
  id: identity.id,
  box: new Uint8Array(32).fill(9),
  name: "Ada",
  kind: "browser",
  started: 1_700_000_000_000,
  caps: ["search"],
  protocols: { "acme.chat": ["1.0.0", "1.2.0"] },
  meta: { colour: "teal" },
  n: 3,
};

/** A card of any body, truly signed. */
async function signedBody(body: unknown): Promise<SignedCard> {
  const b = Uint8Array.from(encode(body));
  return { b, s: await identity.sign("card", b) };
}
const wire = { v: 1, ...card, id: identity.publicKey };

describe("cards", () => {
  it("are read as they were signed", async () => {
    expect(await verifyCard(await signCard(identity, card))).toEqual({ ok: true, value: card });
    const { name: _n, kind: _k, meta: _m, ...least } = card;
    expect(await verifyCard(await signCard(identity, least))).toEqual({ ok: true, value: least });
  });

  it("have one writing, whatever the order of the fields that were passed", async () => {
    const reversed = Object.fromEntries(Object.entries(card).reverse()) as unknown as Card;
    expect((await signCard(identity, reversed)).b).toEqual((await signCard(identity, card)).b);
  });

  it("carry none of the fields that their type doesn't have", async () => {
    const signed = await signCard(identity, { ...card, secret: "hunter2" } as Card);
    expect(Buffer.from(signed.b).includes("hunter2")).toBe(false);
  });

  it("are forged or malformed once any byte is another, or missing", async () => {
    const signed = await signCard(identity, card);
    const at = fc.nat({ max: signed.b.length + signed.s.length - 1 });
    await fc.assert(
      fc.asyncProperty(at, fc.integer({ min: 1, max: 255 }), async (position, difference) => {
        const b = Uint8Array.from(signed.b);
        const s = Uint8Array.from(signed.s);
        const [part, index] = position < b.length ? [b, position] : [s, position - b.length];
        part[index] = (part[index] as number) ^ difference;
        const read = await verifyCard({ b, s });
        expect(read.ok ? "accepted" : read.code).toMatch(/^(forged|malformed|over-limit|unsupported-version)$/);
      }),
      { numRuns: 300 },
    );
    for (const cut of [0, 1, signed.b.length - 1]) {
      expect(await verifyCard({ ...signed, b: signed.b.subarray(0, cut) })).toMatchObject({ code: "malformed" });
    }
  });

  it("of another are forged: its card under our signature, its signature under our card", async () => {
    const other = seeded(2);
    const mine = await signCard(identity, card);
    const theirs = await signCard(other, { ...card, id: other.id });
    expect(await verifyCard({ b: theirs.b, s: mine.s })).toMatchObject({ code: "forged" });
    expect(await verifyCard({ b: mine.b, s: theirs.s })).toMatchObject({ code: "forged" });
    expect(await verifyCard({ b: mine.b, s: await identity.sign("join", mine.b) })).toMatchObject({ code: "forged" });
  });

  it("may hold keys that a later version added: they are ignored", async () => {
    expect(await verifyCard(await signedBody({ ...wire, later: { deep: [1] } }))).toEqual({ ok: true, value: card });
  });

  it("of another version are told apart", async () => {
    for (const v of [0, 2, 99]) {
      expect(await verifyCard(await signedBody({ ...wire, v }))).toMatchObject({ code: "unsupported-version" });
    }
    for (const v of [undefined, "1", null]) {
      expect(await verifyCard(await signedBody({ ...wire, v }))).toMatchObject({ code: "malformed" });
    }
  });

  const malformed: Record<string, Record<string, unknown>> = {
    "no id": { id: undefined },
    "an id of 31 bytes": { id: new Uint8Array(31) },
    "an id as text": { id: identity.id },
    "a box of 33 bytes": { box: new Uint8Array(33) },
    "an empty name": { name: "" },
    "a name too long": { name: "n".repeat(limits.nameLength + 1) },
    "a negative n": { n: -1 },
    "n as a fraction": { n: 1.5 },
    "started as text": { started: "now" },
    "too many capabilities": { caps: new Array(limits.capabilities + 1).fill("c") },
    "protocols as a list": { protocols: ["acme.chat"] },
  };
  for (const [what, change] of Object.entries(malformed)) {
    it(`are malformed with ${what}, though truly signed`, async () => {
      expect(await verifyCard(await signedBody({ ...wire, ...change }))).toMatchObject({ code: "malformed" });
    });
  }

  it("are malformed where they are no map", async () => {
    for (const body of [null, 1, "card", [], [wire]]) {
      expect(await verifyCard(await signedBody(body))).toMatchObject({ code: "malformed" });
    }
  });

  it("never throw, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (b) => {
        expect(readCard({ b, s: new Uint8Array(64) }).ok).toBe(false);
      }),
    );
  });

  it("over the limit are turned away before they are read", () => {
    expect(readCard({ b: new Uint8Array(limits.cardBytes + 1), s: new Uint8Array(64) })).toMatchObject({
      code: "over-limit",
    });
  });
});

describe("signCard", () => {
  const failing = (change: Partial<Card>) => signCard(identity, { ...card, ...change });

  it("refuses a card that names another peer", async () => {
    await expect(failing({ id: seeded(2).id })).rejects.toMatchObject({ code: "bad-argument" });
  });

  it("refuses fields that don't fit, and a meta that isn't plain", async () => {
    await expect(failing({ box: new Uint8Array(31) })).rejects.toMatchObject({ code: "bad-body" });
    await expect(failing({ n: -1 })).rejects.toMatchObject({ code: "bad-body" });
    await expect(failing({ meta: new Date(0) })).rejects.toMatchObject({ code: "bad-body" });
  });

  it("refuses a meta, and a card, over the limit", async () => {
    const meta = "m".repeat(limits.cardMetaBytes);
    await expect(failing({ meta })).rejects.toMatchObject({
      code: "too-large",
      message: expect.stringContaining("meta"),
    });
    await expect(failing({ meta: meta.slice(3) })).resolves.toBeDefined();
    const caps = new Array(limits.capabilities).fill("c".repeat(limits.nameLength));
    await expect(failing({ caps })).rejects.toMatchObject({ code: "too-large" });
  });
});
