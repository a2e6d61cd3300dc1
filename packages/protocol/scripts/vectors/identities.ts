import {
  type Card,
  concatBytes,
  createIdentity,
  encode,
  type Identity,
  limits,
  type Purpose,
  proveJoin,
  type SignedCard,
  saveIdentity,
  signCard,
  utf8,
} from "@skein/protocol";
import { fill, hex, run, toVector, turned, unhex } from "./notation.ts";

const identityOf = (seed: Uint8Array): Identity => createIdentity({ random: () => seed });
const seeds = [fill(32, 0), run(32, 1), fill(32, 0xff)];
const ada = identityOf(run(32, 1));
const bob = identityOf(run(32, 101));

const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The signature that anyone can make from another, if the reader doesn't ask for S below the group's order. */
function second(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${hex(signature.slice(32).reverse())}`) + groupOrder;
  return concatBytes(signature.subarray(0, 32), unhex(s.toString(16).padStart(64, "0")).reverse());
}

export async function identityVectors() {
  const message = utf8("what is signed");
  const purposes: Purpose[] = ["card", "join", "proposal", "ballot", "term"];
  const accepted = await Promise.all(
    seeds.map(async (seed) => {
      const identity = identityOf(seed);
      const signed = purposes.map(async (purpose) => ({
        purpose,
        signature: hex(await identity.sign(purpose, message)),
      }));
      return {
        seed: hex(seed),
        publicKey: hex(identity.publicKey),
        id: identity.id,
        saved: saveIdentity(identity),
        message: hex(message),
        signatures: await Promise.all(signed),
      };
    }),
  );
  const signature = await ada.sign("card", message);
  const neutral = concatBytes(Uint8Array.of(1), fill(31, 0));
  const wrong = (why: string, publicKey: Uint8Array, by: Uint8Array, purpose: Purpose = "card") => ({
    why,
    purpose,
    publicKey: hex(publicKey),
    message: hex(message),
    signature: hex(by),
  });
  return {
    accepted,
    rejected: [
      wrong("made for another purpose", ada.publicKey, signature, "join"),
      wrong("another's key", bob.publicKey, signature),
      wrong("R altered", ada.publicKey, turned(signature, 0)),
      wrong("S altered", ada.publicKey, turned(signature, 40)),
      wrong("S not below the group's order", ada.publicKey, second(signature)),
      wrong("a key of small order, R and S that fit any message", neutral, concatBytes(neutral, fill(32, 0))),
      wrong("a key whose y is not below 2^255 - 19", unhex(`ee${"ff".repeat(30)}7f`), signature),
    ],
  };
}

const full: Card = {
  id: ada.id,
  box: run(32, 50),
  name: "Ada",
  kind: "node-datachannel",
  started: 1_790_000_000_000,
  caps: ["search", "fetch"],
  protocols: { "acme.chat": ["1.0.0", "1.2.0"], "acme.files": ["2.0.0"] },
  meta: { colour: "teal", share: { files: 12 } },
  n: 3,
};
const least: Card = { id: ada.id, box: run(32, 50), started: 0, caps: [], protocols: {}, n: 0 };

async function signedBody(body: unknown): Promise<SignedCard> {
  const b = Uint8Array.from(encode(body));
  return { b, s: await ada.sign("card", b) };
}

export async function cardVectors() {
  const cards = [full, least];
  const accepted = await Promise.all(
    cards.map(async (card) => {
      const { b, s } = await signCard(ada, card);
      return { seed: hex(run(32, 1)), card: toVector(card), b: hex(b), s: hex(s) };
    }),
  );
  const wire = { v: 1, ...full, id: ada.publicKey };
  const later = await signedBody({ ...wire, later: { more: true } });
  accepted.push({ seed: hex(run(32, 1)), card: toVector(full), b: hex(later.b), s: hex(later.s) });

  const signed = await signCard(ada, full);
  const theirs = await signCard(bob, { ...full, id: bob.id });
  const wrong = async (why: string, code: string, card: SignedCard | Promise<SignedCard>) => {
    const { b, s } = await card;
    return { why, code, b: hex(b), s: hex(s) };
  };
  const cut = { b: signed.b.subarray(0, -1), s: signed.s };
  return {
    accepted,
    rejected: await Promise.all([
      wrong("a letter of the name altered", "forged", { b: turned(signed.b, indexOf(signed.b, "Ada")), s: signed.s }),
      wrong("the signature altered", "forged", { b: signed.b, s: turned(signed.s, 3) }),
      wrong("signed by another", "forged", { b: signed.b, s: theirs.s }),
      wrong("signed for a join", "forged", { b: signed.b, s: await ada.sign("join", signed.b) }),
      wrong("the last byte missing", "malformed", cut),
      wrong("a byte too many", "malformed", { b: concatBytes(signed.b, Uint8Array.of(0)), s: signed.s }),
      wrong("no box", "malformed", signedBody({ ...wire, box: undefined })),
      wrong("an id of 31 bytes", "malformed", signedBody({ ...wire, id: ada.publicKey.subarray(1) })),
      wrong("n below zero", "malformed", signedBody({ ...wire, n: -1 })),
      wrong("an empty name", "malformed", signedBody({ ...wire, name: "" })),
      wrong("no version", "malformed", signedBody({ ...wire, v: undefined })),
      wrong("no map", "malformed", signedBody([1, 2])),
      wrong("version 2", "unsupported-version", signedBody({ v: 2 })),
      wrong("larger than a card may be", "over-limit", signedBody({ ...wire, meta: "m".repeat(limits.cardBytes) })),
    ]),
  };
}

function indexOf(bytes: Uint8Array, word: string): number {
  return hex(bytes).indexOf(hex(utf8(word))) / 2;
}

export async function joinProofVectors() {
  const nonce = run(32, 200);
  const card = await signCard(ada, full);
  const other = await signCard(ada, least);
  const proof = await proveJoin(ada, nonce, "lab", card);
  const good = { id: ada.id, nonce: hex(nonce), room: "lab", card: hex(card.b), proof: hex(proof) };
  const unicode = "Größe 😀";
  return {
    accepted: [good, { ...good, room: unicode, proof: hex(await proveJoin(ada, nonce, unicode, card)) }],
    rejected: [
      { why: "another's id", ...good, id: bob.id },
      { why: "another nonce", ...good, nonce: hex(turned(nonce, 31)) },
      { why: "another room", ...good, room: "lab2" },
      { why: "another card of the same peer", ...good, card: hex(other.b) },
      { why: "the card's signature instead of a proof", ...good, proof: hex(card.s) },
    ],
  };
}
