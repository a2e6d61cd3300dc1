import { inspect } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { SkeinError } from "../errors.js";
import { portableEd25519 } from "./ed25519.js";
import { createIdentity, loadIdentity, saveIdentity, verifySignature } from "./identity.js";
import { parsePeerId, peerIdOf, peerKeyOf } from "./peer-id.js";

const seeded = (byte: number) => createIdentity({ random: (length) => new Uint8Array(length).fill(byte) });
const message = Uint8Array.of(1, 2, 3);

describe("identity", () => {
  it("is its public key", () => {
    const identity = seeded(7);
    expect(peerKeyOf(identity.id)).toEqual(identity.publicKey);
    expect(identity.id).toHaveLength(43);
    expect(createIdentity().id).not.toBe(createIdentity().id);
  });

  it("comes back from what was saved", async () => {
    const identity = createIdentity();
    const again = loadIdentity(`  ${saveIdentity(identity)}\n`);
    expect(again.id).toBe(identity.id);
    expect(await again.sign("card", message)).toEqual(await identity.sign("card", message));
  });

  it("can't be loaded from anything else", () => {
    const saved = saveIdentity(seeded(7));
    for (const wrong of [
      "",
      "skein-identity-1:",
      saved.slice(0, -1),
      `${saved}A`,
      saved.replace("-1:", "-2:"),
      `x${saved}`,
    ]) {
      expect(() => loadIdentity(wrong)).toThrow(expect.objectContaining({ code: "bad-argument" }));
    }
  });

  it("keeps its seed when the source of randomness uses the array again", async () => {
    const array = new Uint8Array(32).fill(7);
    const identity = createIdentity({ random: () => array });
    array.fill(0);
    expect(saveIdentity(identity)).toBe(saveIdentity(seeded(7)));
  });

  it("that keeps its key elsewhere can't be saved", () => {
    const { id, publicKey, sign } = seeded(7);
    expect(() => saveIdentity({ id, publicKey, sign })).toThrow(SkeinError);
  });

  it("never shows its seed: not as JSON, not inspected, not logged, not in an error", () => {
    const identity = seeded(0xab);
    const saved = saveIdentity(identity);
    const secrets = [saved.slice(saved.indexOf(":") + 1), "ab".repeat(32), "171,171,171", "171, 171, 171"];
    const lines: string[] = [];
    const log = vi
      .spyOn(console, "log")
      .mockImplementation((...parts) => void lines.push(parts.map((part) => inspect(part)).join(" ")));
    console.log(identity);
    log.mockRestore();
    const shown = [
      ...lines,
      JSON.stringify(identity),
      JSON.stringify({ ...identity }),
      inspect(identity, { depth: null, showHidden: true, getters: true }),
      String(identity),
      ...[() => loadIdentity(`${saved}!`), () => parsePeerId(saved), () => peerKeyOf(saved as never)].map((misuse) => {
        try {
          misuse();
        } catch (error) {
          return inspect(error);
        }
        throw new Error("was taken");
      }),
    ];
    expect(shown).toHaveLength(8);
    for (const text of shown) for (const secret of secrets) expect(text).not.toContain(secret);
  });
});

describe("signatures", () => {
  it("serve one purpose, one key, one message", async () => {
    const identity = seeded(7);
    const signature = await identity.sign("card", message);
    const check = (purpose: "card" | "join", key: Uint8Array, bytes: Uint8Array, by: Uint8Array) =>
      verifySignature(purpose, key, bytes, by);
    expect(await check("card", identity.publicKey, message, signature)).toBe(true);
    expect(await check("join", identity.publicKey, message, signature)).toBe(false);
    expect(await check("card", seeded(8).publicKey, message, signature)).toBe(false);
    expect(await check("card", identity.publicKey, Uint8Array.of(1, 2, 4), signature)).toBe(false);
    for (let i = 0; i < 64; i++) {
      const altered = Uint8Array.from(signature);
      altered[i] = (altered[i] as number) ^ 1;
      expect(await check("card", identity.publicKey, message, altered)).toBe(false);
    }
  });

  it("are false, not thrown, for keys and signatures of a wrong length, or where the verifier fails", async () => {
    const identity = seeded(7);
    const signature = await identity.sign("card", message);
    expect(await verifySignature("card", new Uint8Array(31), message, signature)).toBe(false);
    expect(await verifySignature("card", identity.publicKey, message, new Uint8Array(63))).toBe(false);
    const failing = { ...portableEd25519, verify: () => Promise.reject(new Error("no")) };
    expect(await verifySignature("card", identity.publicKey, message, signature, failing)).toBe(false);
  });
});

describe("peer ids", () => {
  it("are read only in their one writing", () => {
    const { id, publicKey } = seeded(7);
    expect(parsePeerId(id)).toBe(id);
    expect(peerIdOf(publicKey)).toBe(id);
    for (const wrong of ["", id.slice(1), `${id}A`, `${id}=`, ` ${id}`, `${id.slice(0, -1)}!`, `${id.slice(0, -1)}B`]) {
      expect(() => parsePeerId(wrong)).toThrow(expect.objectContaining({ code: "bad-argument" }));
    }
  });
});
