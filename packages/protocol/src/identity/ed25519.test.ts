import { webcrypto } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Ed25519, platformEd25519, portableEd25519, publicKeyOf, webCryptoEd25519 } from "./ed25519.js";
import { verifySignature } from "./identity.js";
import { isStrict } from "./strict-ed25519.js";

const platform = webCryptoEd25519(webcrypto.subtle as SubtleCrypto);
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const message = Uint8Array.of(1, 2, 3);

const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;
const littleEndian = (value: bigint) => bytesOf(value.toString(16).padStart(64, "0")).reverse();
const numberOf = (bytes: Uint8Array) => BigInt(`0x${hexOf(Uint8Array.from(bytes).reverse())}`);

/** The verdicts of both implementations, as cards and proofs are checked. */
async function verdicts(key: Uint8Array, signature: Uint8Array) {
  const by = (ed25519: Ed25519) => verifySignature("card", key, message, signature, ed25519);
  return [await by(portableEd25519), await by(platform)];
}

describe("Ed25519", () => {
  // RFC 8032 §7.1, tests 1 to 3.
  const vectors = [
    [
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
  ] as const;
  for (const [name, ed25519] of [
    ["portable", portableEd25519],
    ["WebCrypto", platform],
  ] as const) {
    it(`${name}: RFC 8032's vectors`, async () => {
      for (const [seed, key, text, signature] of vectors) {
        expect(hexOf(publicKeyOf(bytesOf(seed)))).toBe(key);
        expect(hexOf(await ed25519.sign(bytesOf(seed), bytesOf(text)))).toBe(signature);
        expect(await ed25519.verify(bytesOf(key), bytesOf(text), bytesOf(signature))).toBe(true);
        expect(isStrict(bytesOf(key), bytesOf(signature))).toBe(true);
      }
    });
  }

  it("portable and WebCrypto sign alike and accept each other's", async () => {
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
    await fc.assert(
      fc.asyncProperty(seed, fc.uint8Array({ maxLength: 200 }), async (secret, text) => {
        const signature = await portableEd25519.sign(secret, text);
        expect(await platform.sign(secret, text)).toEqual(signature);
        expect(isStrict(publicKeyOf(secret), signature)).toBe(true);
        expect(await platform.verify(publicKeyOf(secret), text, signature)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  it("is the platform's where it has one, asked once", async () => {
    expect(await platformEd25519()).not.toBe(portableEd25519);
    expect(platformEd25519()).toBe(platformEd25519());
  });
});

describe("what engines don't agree on is turned away by all", () => {
  const seed = new Uint8Array(32).fill(7);
  const statement = Buffer.concat([Buffer.from("skein/1 card\0"), message]);

  it("a second signature made from a first: S plus the group's order", async () => {
    const signature = await portableEd25519.sign(seed, statement);
    const second = Uint8Array.from(signature);
    second.set(littleEndian(numberOf(signature.subarray(32)) + groupOrder), 32);
    // The reason for the check: the portable one would take it.
    expect(await portableEd25519.verify(publicKeyOf(seed), statement, second)).toBe(true);
    expect(await verdicts(publicKeyOf(seed), signature)).toEqual([true, true]);
    expect(await verdicts(publicKeyOf(seed), second)).toEqual([false, false]);
  });

  it("keys of small order, for which one signature fits every message", async () => {
    const forged = new Uint8Array(64);
    forged[0] = 1;
    const neutral = new Uint8Array(32);
    neutral[0] = 1;
    expect(await portableEd25519.verify(neutral, statement, forged)).toBe(true);
    const order8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    const others = ["00".repeat(32), `ec${"ff".repeat(30)}7f`, order8, `${order8.slice(0, 62)}fa`];
    for (const key of [neutral, ...others.map(bytesOf)]) expect(await verdicts(key, forged)).toEqual([false, false]);
  });

  it("keys in a second writing: y of 2^255 - 19 or more", async () => {
    const signature = await portableEd25519.sign(seed, statement);
    for (const key of ["ed", "ee", "ff"]) {
      expect(isStrict(bytesOf(`${key}${"ff".repeat(30)}7f`), signature)).toBe(false);
      expect(isStrict(bytesOf(`${key}${"ff".repeat(31)}`), signature)).toBe(false);
    }
  });

  it("small-order points are all found: each y in the table is on the curve, and eight times it is nothing", () => {
    const p = 2n ** 255n - 19n;
    const power = (base: bigint, exponent: bigint): bigint => {
      let result = 1n;
      for (let b = base % p, e = exponent; e > 0n; e >>= 1n, b = (b * b) % p) if (e & 1n) result = (result * b) % p;
      return result;
    };
    const inverse = (value: bigint) => power(((value % p) + p) % p, p - 2n);
    const d = (-121665n * inverse(121666n)) % p;
    // Doubling by y alone: y' = (y² + x²) / (2 - y² + x²), where x² = (y² - 1) / (d y² + 1).
    const double = (y: bigint) => {
      const yy = (y * y) % p;
      const xx = ((yy - 1n) * inverse(d * yy + 1n)) % p;
      return ((((yy + xx) * inverse(2n + xx - yy)) % p) + p) % p;
    };
    const signature = new Uint8Array(64);
    signature.set(publicKeyOf(seed));
    const ys = [
      "00".repeat(32),
      `01${"00".repeat(31)}`,
      `ec${"ff".repeat(30)}7f`,
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    for (const y of ys) {
      expect(double(double(double(numberOf(bytesOf(y)))))).toBe(1n);
      expect(isStrict(bytesOf(y), signature)).toBe(false);
    }
    expect(isStrict(publicKeyOf(seed), signature)).toBe(true);
  });
});
