import type { SignalingEvents } from "@skein/client";
import { createIdentity, limits, type PeerId, type RandomBytes, type SignedCard, signCard } from "@skein/protocol";

/** A server, or whoever else carries signals, that tells a client what isn't so, and tells it without end. */
export interface ServerRole {
  readonly name: string;
  /** All that it tells: one call after the other. `known` is a peer that is linked. */
  lies(random: RandomBytes, known: PeerId): AsyncIterable<(client: SignalingEvents) => void>;
}

const packetBytes = 128 * 1024;

/** A peer that nobody is: its card is as genuine as any. */
export async function inventPeer(random: RandomBytes): Promise<{ id: PeerId; card: SignedCard }> {
  const identity = createIdentity({ random });
  const { id } = identity;
  // Any 32 bytes are a public key, whoever has the other half.
  return { id, card: await signCard(identity, { id, box: random(32), started: 0, caps: [], protocols: {}, n: 0 }) };
}

function* times<Value>(count: number, value: (i: number) => Value): Iterable<Value> {
  for (let i = 0; i < count; i++) yield value(i);
}

/** What a lying server says, role by role. */
export const serverRoles: readonly ServerRole[] = [
  {
    name: "invents more peers than any room may have, in a list and one by one",
    async *lies(random) {
      const cards: SignedCard[] = [];
      for (let i = 0; i < limits.roomPeers; i++) cards.push((await inventPeer(random)).card);
      yield (client) => client.roster(cards.slice(0, 1_000), []);
      yield* cards.slice(1_000).map((card) => (client: SignalingEvents) => client.card(card));
    },
  },
  {
    name: "delivers envelopes of nobody",
    async *lies(random) {
      const { id } = await inventPeer(random);
      yield* times(20_000, () => (client: SignalingEvents) => client.envelope(id, "signal", new Uint8Array(64)));
    },
  },
  {
    name: "delivers forged envelopes of packet size, faster than they are looked at",
    async *lies(_random, known) {
      yield* times(
        2_000,
        () => (client: SignalingEvents) => client.envelope(known, "relay", new Uint8Array(packetBytes)),
      );
    },
  },
  {
    name: "shows cards that nobody signed, each in a packet of its own",
    async *lies() {
      const card = () => ({ b: new Uint8Array(packetBytes).subarray(0, 8_192), s: new Uint8Array(64) });
      yield* times(2_000, () => (client: SignalingEvents) => client.card(card()));
    },
  },
  {
    name: "says again and again that one is away, and that nothing reaches it",
    async *lies(_random, known) {
      yield* times(5_000, () => (client: SignalingEvents) => {
        client.away(known);
        client.undeliverable(known, "busy", undefined);
      });
    },
  },
  {
    name: "says again and again that it is lost and back",
    async *lies() {
      yield* times(2_000, () => (client: SignalingEvents) => {
        client.disconnected("a lie");
        client.roster([], []);
      });
    },
  },
];
