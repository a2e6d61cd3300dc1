import { createBoxKeyPair, createIdentity, encode, type SignedCard, signCard } from "@skein/protocol";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Change, Claim, NodesMessage } from "../core/nodes-message.js";
import {
  forwardHead,
  letterKind,
  readForwards,
  readLetter,
  readUndelivered,
  writeLetter,
  writeUndelivered,
} from "./parcels.js";
import { decodeWords, encodeWords } from "./words.js";

let card: SignedCard;
let id: string;

beforeAll(async () => {
  const identity = createIdentity();
  id = identity.id;
  const box = createBoxKeyPair().publicKey;
  card = await signCard(identity, { id: identity.id, box, started: 1, caps: [], protocols: {}, n: 3 });
});

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((of) => String.fromCharCode(...of));
const [name, key, count, shelf] = [bytes(16), bytes(32), fc.nat(), fc.nat(255)];
const stamp = fc.integer({ min: 0, max: 2 ** 52 });
const claim: fc.Arbitrary<Omit<Claim, "card">> = fc.record({ stamp, away: fc.boolean() });
const reason = fc.constantFrom("left" as const, "lost" as const, "replaced" as const, "moved" as const);

const withCard = (of: Omit<Claim, "card">): Claim => ({ ...of, card });
const change: fc.Arbitrary<Change> = fc.oneof(
  claim.map((of) => ({ type: "claim" as const, claim: withCard(of) })),
  fc.record({ type: fc.constant("seat" as const), key, stamp, away: fc.boolean() }),
  fc.record({ type: fc.constant("gone" as const), key, reason }),
);
const message: fc.Arbitrary<NodesMessage> = fc.oneof(
  fc.record({
    type: fc.constant("beat" as const),
    stamp,
    state: count,
    asks: fc.boolean(),
    first: shelf,
    span: shelf,
    rooms: fc.array(fc.tuple(name, count)),
  }),
  fc.record({ type: fc.constant("change" as const), room: name, before: count, state: count, change }),
  fc.record({ type: fc.constant("ask" as const), rooms: fc.array(name) }),
  fc.record({
    type: fc.constant("snapshot" as const),
    room: name,
    state: count,
    part: fc.nat(9),
    parts: fc.nat(9),
    claims: fc.array(claim.map(withCard), { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant("remove" as const), key, room: fc.option(name, { nil: undefined }), forMs: count }),
  fc.constant({ type: "bye" as const }),
);

describe("words between nodes", () => {
  it("are read as they were said, each claim with what its card says", () => {
    fc.assert(
      fc.property(message, (said) => {
        const read = decodeWords(encodeWords(said));
        expect(read).toMatchObject({ ok: true, value: said });
        if (read.ok && read.value.type === "snapshot") {
          for (const { n, key: peer } of read.value.claims) {
            expect([n, Buffer.from(peer, "latin1").toString("base64url")]).toEqual([3, id]);
          }
        }
      }),
    );
  });

  it("are rejected, not thrown, whatever they are", () => {
    const plain = fc.anything({
      withNullPrototype: false,
      maxDepth: 3,
      values: [fc.integer(), fc.uint8Array(), fc.string()],
    });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => void decodeWords(garbage)));
    fc.assert(fc.property(fc.nat(5), fc.array(plain, { maxLength: 8 }), (type, rest) => decodes([type, ...rest])));
    // One field that is something else.
    fc.assert(
      fc.property(message, fc.nat(8), plain, (said, at, other) => {
        const words = decodeArray(said);
        words[1 + (at % Math.max(1, words.length - 1))] = other;
        decodes(words);
      }),
    );
  });
});

function decodeArray(said: NodesMessage): unknown[] {
  const { type, ...fields } = said;
  return [["beat", "change", "ask", "snapshot", "bye", "remove"].indexOf(type), ...Object.values(fields)];
}

function decodes(words: readonly unknown[]): void {
  let whole: Uint8Array;
  try {
    whole = Uint8Array.from(encode(words));
  } catch {
    return;
  }
  decodeWords(whole);
}

describe("forwards between nodes", () => {
  const node = "n".repeat(16);
  const parcel = fc.record({
    room: name,
    target: key,
    kind: fc.constantFrom("signal" as const, "relay" as const),
    envelope: fc.uint8Array({ minLength: 1, maxLength: 50 }),
  });

  it("arrive as they were sent, in their order", () => {
    fc.assert(
      fc.property(fc.array(parcel, { maxLength: 9 }), (parcels) => {
        const packets = parcels.map(({ kind, envelope }) =>
          Buffer.from([kind === "signal" ? 2 : 3, ...Array(32).fill(7), ...envelope]),
        );
        const parts = parcels.flatMap(({ room, target }, at) => {
          const packet = packets[at] as Buffer;
          return [forwardHead(room, target, packet.length), packet];
        });
        const letter = readLetter(writeLetter(letterKind.forwards, node, parts));
        expect(letter).toMatchObject({ kind: letterKind.forwards, from: node });
        expect([...readForwards(letter?.body as Buffer)]).toEqual(
          parcels.map(({ room, target, kind }, at) => ({ room, target, kind, packet: packets[at] })),
        );
      }),
    );
  });

  it("and what became of them", () => {
    const undelivered = fc.record({
      room: name,
      source: key,
      target: key,
      reason: fc.constantFrom("gone" as const, "busy" as const),
      kind: fc.constantFrom("signal" as const, "relay" as const),
    });
    fc.assert(
      fc.property(fc.array(undelivered, { maxLength: 9 }), (all) => {
        const letter = readLetter(writeLetter(letterKind.undelivered, node, all.map(writeUndelivered)));
        expect([...readUndelivered(letter?.body as Buffer)]).toEqual(all);
      }),
    );
  });

  it("are left behind the last that can be read", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (garbage) => {
        const letter = readLetter(garbage);
        const body = letter?.body ?? Buffer.from(garbage);
        expect([...readForwards(body)].slice(0, -1)).not.toContain(undefined);
        expect([...readUndelivered(body)].slice(0, -1)).not.toContain(undefined);
      }),
    );
  });
});
