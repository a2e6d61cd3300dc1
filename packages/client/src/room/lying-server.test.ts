import {
  createBoxKeyPair,
  createIdentity,
  defineProtocol,
  encodeControl,
  type Identity,
  message,
  peerKeyOf,
  type RejectionCode,
  type SignedCard,
  sealEnvelope,
  signCard,
} from "@skein/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { countingRandom, turn } from "../testing.test-support.js";
import { chat, type Guest, World } from "./world.test-support.js";

let world: World;

beforeEach(() => {
  world = new World();
});

afterEach(async () => {
  await world.leaveAll();
  expect(world.network.open).toEqual([]);
  expect(world.clock.armed).toBe(0);
});

const rejected = ({ room }: Guest, code: RejectionCode): number => room.stats().rejected[code] ?? 0;
const count = ({ seen }: Guest, name: Guest["seen"][number]) => seen.filter((other) => other === name).length;

/** Both still talk, over the very link they had. */
async function expectHealthy(...guests: [Guest, Guest]): Promise<void> {
  const [a, b] = guests;
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const before = to.heard.length;
    await from.room.send(to.room.id, chat.say, "well?");
    await world.until(() => to.heard.length > before);
  }
  for (const guest of guests) {
    expect(count(guest, "peer-connected")).toBe(1);
    expect(count(guest, "peer-disconnected")).toBe(0);
  }
}

/** A peer that the server made up: its card is as genuine as any. */
async function invent(seed: number, started = 0): Promise<{ identity: Identity; card: SignedCard; box: Uint8Array }> {
  const identity = createIdentity({ random: countingRandom(seed) });
  const { publicKey, secretKey } = createBoxKeyPair(countingRandom(seed + 1));
  const { id } = identity;
  const card = await signCard(identity, { id, box: publicKey, started, caps: [], protocols: {}, n: 0 });
  return { identity, card, box: secretKey };
}

describe("a server that lies about cards", () => {
  it("by swapping two peers' box keys: both cards are forged, and nobody is met", async () => {
    const own = createBoxKeyPair(countingRandom(5)).publicKey;
    // Whoever could swap the key inside would sit in the middle.
    world.server.show = ({ b, s }) => ({ b: replaceBox(b, own), s });
    const ann = await world.join();
    const ben = await world.join();
    await world.until(() => rejected(ann, "forged") > 0 && rejected(ben, "forged") > 0);
    await world.clock.pass(10_000);
    expect([ann, ben].map(({ room }) => room.peers.size)).toEqual([0, 0]);
    expect(world.network.connections).toEqual([]);
  });

  it("about one that is linked: the lie is counted and the link stays", async () => {
    const [ann, ben] = await world.pair();
    const genuine = world.server.members.get(ben.room.id)?.card as SignedCard;
    const box = createBoxKeyPair(countingRandom(5)).publicKey;
    for (const card of [
      { ...genuine, b: replaceBox(genuine.b, box) },
      { ...genuine, s: new Uint8Array(64) },
    ]) {
      const before = rejected(ann, "forged");
      world.server.say(ann.room.id, { t: "peer-updated", card });
      await world.until(() => rejected(ann, "forged") > before);
    }
    await expectHealthy(ann, ben);
  });

  it("by showing an older card, or our own: nothing changes", async () => {
    const [ann, ben] = await world.pair();
    const old = world.server.members.get(ben.room.id)?.card as SignedCard;
    await ben.room.update({ name: "Ben" });
    await world.until(() => ann.room.peers.get(ben.room.id)?.card.name === "Ben");
    world.server.say(ann.room.id, { t: "peer-updated", card: old });
    world.server.say(ann.room.id, {
      t: "peer-joined",
      card: world.server.members.get(ann.room.id)?.card as SignedCard,
    });
    await ben.room.update({ name: "Benjamin" });
    await world.until(() => ann.room.peers.get(ben.room.id)?.card.name === "Benjamin");
    expect(count(ann, "peer-updated")).toBe(2);
    expect(ann.room.peers.size).toBe(1);
    await expectHealthy(ann, ben);
  });

  it("by inventing peers in a room with a secret: nothing of theirs opens, and they are never linked", async () => {
    const secret = "sixteen bytes and more";
    const ann = await world.join({ secret });
    const ben = await world.join({ secret });
    await world.untilConnected(ann, ben);
    const { identity, card } = await invent(60);
    world.server.say(ann.room.id, { t: "peer-joined", card });
    await world.until(() => ann.room.peers.size === 2);
    const envelope = sealEnvelope(new Uint8Array(32), 0, "signal", new Uint8Array(4));
    world.server.deliver({ from: identity.id, to: ann.room.id, envelope });
    await world.until(() => rejected(ann, "forged") === 1);
    await world.clock.pass(40_000);
    expect(ann.room.peers.get(identity.id)?.state).toBe("connecting");
    await expectHealthy(ann, ben);
  });

  it("by inventing peers that the app doesn't admit: they are never dialled", async () => {
    const admitted = world.identity(2).id;
    const ann = await world.join({ admit: ({ id }) => id === admitted });
    const ben = await world.join();
    await world.untilConnected(ann, ben);
    const connections = world.network.connections.length;
    for (let seed = 100; seed < 120; seed++) {
      world.server.say(ann.room.id, { t: "peer-joined", card: (await invent(seed)).card });
    }
    await world.clock.pass(10_000);
    expect(ann.room.peers.size).toBe(1);
    expect(world.network.connections).toHaveLength(connections);
    await expectHealthy(ann, ben);
  });

  it("by taking those who are linked off its list, by name or by a list without them: they stay", async () => {
    const [ann, ben] = await world.pair();
    world.server.say(ann.room.id, { t: "peer-away", id: peerKeyOf(ben.room.id) });
    world.server.say(ann.room.id, { t: "peer-left", id: peerKeyOf(ben.room.id), reason: "lost" });
    await expectHealthy(ann, ben);
    world.server.say(ann.room.id, { t: "joined", room: "lab", peers: [], ice: [] });
    await world.until(() => count(ann, "server-connected") === 2);
    await expectHealthy(ann, ben);
  });
});

describe("a server that lies about envelopes", () => {
  it("by altering an offer: it is forged, and nobody answers it", async () => {
    world.server.route = ({ envelope, ...rest }) => {
      const altered = Uint8Array.from(envelope);
      altered[altered.length - 1] = (altered.at(-1) as number) ^ 1;
      return [{ ...rest, envelope: altered }];
    };
    const ann = await world.join();
    const ben = await world.join();
    await world.until(() => rejected(ann, "forged") > 0 && rejected(ben, "forged") > 0);
    await world.clock.pass(40_000);
    expect(world.connected(ann, ben)).toBe(false);
    expect(world.network.connections.every(({ remoteDescription }) => remoteDescription === null)).toBe(true);
    // Once it tells the truth, they come together.
    world.server.route = (forward) => [forward];
    await world.untilConnected(ann, ben);
  });

  it("by delivering each twice: the second is a replay, and there is one link", async () => {
    world.server.route = (forward) => [forward, forward];
    const [ann, ben] = await world.pair();
    await world.until(() => rejected(ann, "replayed") > 0 && rejected(ben, "replayed") > 0);
    expect(world.network.open).toHaveLength(2);
    await expectHealthy(ann, ben);
  });

  it("by delivering all of them again later, in any order: nothing happens to the link", async () => {
    const [ann, ben] = await world.pair();
    const all = [...world.server.forwards];
    for (const forward of all.reverse()) world.server.deliver(forward);
    await world.until(() => rejected(ann, "replayed") + rejected(ben, "replayed") === all.length);
    expect(world.network.connections).toHaveLength(2);
    await expectHealthy(ann, ben);
  });

  it("by sending a peer away and back, and delivering all again: no keys forget what they have seen", async () => {
    const [ann, ben] = await world.pair();
    const all = world.server.forwards.filter(({ to }) => to === ann.room.id);
    const card = world.server.members.get(ben.room.id)?.card as SignedCard;
    world.server.say(ann.room.id, { t: "peer-left", id: peerKeyOf(ben.room.id), reason: "left" });
    world.server.say(ann.room.id, { t: "peer-joined", card });
    for (const forward of all) world.server.deliver(forward);
    await world.until(() => rejected(ann, "replayed") === all.length);
    await world.untilConnected(ann, ben);
    expect(world.network.violations).toEqual([]);
  });

  it("by holding envelopes back and delivering them in reverse: the link that came about stays", async () => {
    world.server.route = () => [];
    const ann = await world.join();
    const ben = await world.join();
    // Both dial, and neither hears of it.
    await world.clock.pass(3_000);
    await world.until(() => world.server.forwards.length > 3);
    const held = [...world.server.forwards].reverse();
    world.server.route = (forward) => [forward];
    for (const forward of held) world.server.deliver(forward);
    await world.untilConnected(ann, ben);
    const connections = world.network.open;
    for (const forward of held) world.server.deliver(forward);
    await turn();
    expect(world.network.open).toEqual(connections);
    await expectHealthy(ann, ben);
  });

  it("by forwarding to the wrong peer, back to its sender, or under another's name: all are forged", async () => {
    const ann = await world.join();
    const ben = await world.join();
    const cat = await world.join();
    await world.untilConnected(ann, ben, cat);
    const a = ann.room.id;
    const b = ben.room.id;
    const c = cat.room.id;
    const genuine = world.server.forwards.find(({ from, to }) => from === a && to === b);
    if (genuine === undefined) throw new Error("nothing was forwarded");
    const { envelope } = genuine;
    world.server.deliver({ from: a, to: c, envelope });
    await world.until(() => rejected(cat, "forged") + rejected(cat, "replayed") === 1);
    world.server.deliver({ from: b, to: a, envelope });
    await world.until(() => rejected(ann, "forged") + rejected(ann, "replayed") === 1);
    world.server.deliver({ from: c, to: b, envelope });
    await world.until(() => rejected(ben, "forged") + rejected(ben, "replayed") === 1);
    expect(world.network.connections).toHaveLength(6);
    for (const guest of [ann, ben, cat]) expect(count(guest, "peer-disconnected")).toBe(0);
  });

  it("by sending everything to everyone: each takes what is its own", async () => {
    world.server.route = ({ from, envelope }) =>
      [...world.server.members.keys()].filter((to) => to !== from).map((to) => ({ from, to, envelope }));
    const ann = await world.join();
    const ben = await world.join();
    const cat = await world.join();
    await world.untilConnected(ann, ben, cat);
    expect(world.network.open).toHaveLength(6);
    expect(world.network.violations).toEqual([]);
    expect(rejected(ann, "forged") + rejected(ben, "forged") + rejected(cat, "forged")).toBeGreaterThan(0);
  });

  it("by dropping everything: nobody is linked, nobody stops trying, and nothing piles up", async () => {
    world.server.route = () => [];
    const ann = await world.join();
    const ben = await world.join();
    await world.until(() => ann.room.peers.size + ben.room.peers.size === 2);
    await world.clock.pass(300_000);
    expect(world.connected(ann, ben)).toBe(false);
    expect(world.network.open.length).toBeLessThanOrEqual(2);
    expect(world.server.forwards.length).toBeLessThan(200);
    world.server.route = (forward) => [forward];
    await world.untilConnected(ann, ben);
  });

  it("by sending envelopes of peers that aren't there: they are counted", async () => {
    const [ann, ben] = await world.pair();
    const { identity } = await invent(61);
    world.server.deliver({ from: identity.id, to: ann.room.id, envelope: new Uint8Array(64) });
    world.server.deliver({ from: ann.room.id, to: ann.room.id, envelope: new Uint8Array(64) });
    await world.until(() => rejected(ann, "forged") === 2);
    await expectHealthy(ann, ben);
  });
});

describe("garbage from a server", () => {
  it("closes nothing and throws nothing, whatever it is", async () => {
    const [ann, ben] = await world.pair();
    const socket = world.server.members.get(ann.room.id)?.socket;
    const key = peerKeyOf(ben.room.id);
    const raw = fc.uint8Array({ maxLength: 200 });
    const packet = fc.oneof(
      raw,
      raw.map((bytes) => Uint8Array.of(1, ...bytes)),
      raw.map((bytes) => Uint8Array.of(2, ...key, ...bytes)),
      raw.map((bytes) => Uint8Array.of(3, ...key, ...bytes)),
      fc
        .record({ b: raw, s: fc.uint8Array({ minLength: 64, maxLength: 64 }) })
        .map((card) => encodeControl({ t: "peer-joined", card })),
    );
    await fc.assert(
      fc.asyncProperty(packet, async (bytes) => {
        socket?.deliver(bytes);
        await turn();
        expect(socket?.readyState).toBe(1);
      }),
      { numRuns: 300 },
    );
    await expectHealthy(ann, ben);
  });

  it("for ICE servers costs attempts, not the room", async () => {
    const ann = await world.join();
    world.network.refuses = new Error("SyntaxError: an address that can't be read");
    const ben = await world.join();
    await world.until(() => ann.room.peers.size + ben.room.peers.size === 2);
    await world.clock.pass(5_000);
    world.network.refuses = undefined;
    await world.untilConnected(ann, ben);
    // Told once, not at each attempt.
    expect(Math.max(count(ann, "trouble"), count(ben, "trouble"))).toBe(1);
  });
});

describe("a lying peer", () => {
  it("that breaks the rules of the link loses that link, and others keep theirs", async () => {
    const ann = await world.join();
    const ben = await world.join();
    const cat = await world.join();
    await world.untilConnected(ann, ben, cat);
    const bad = world.network.open.filter(({ other }) => other !== undefined);
    // A frame that ends in the middle of a record, into one end of one link.
    const [victim] = bad;
    victim?.channel?.deliver(Uint8Array.of(2, 200).buffer);
    await world.until(() => [ann, ben, cat].some((guest) => rejected(guest, "malformed") === 1));
    const disconnected = () => [ann, ben, cat].filter((guest) => count(guest, "peer-disconnected") > 0).length;
    await world.until(() => disconnected() === 2);
    await world.untilConnected(ann, ben, cat);
    expect(disconnected()).toBe(2);
  });

  it("that sends text on the channel is counted, and stays", async () => {
    const [ann, ben] = await world.pair();
    for (const { channel } of world.network.open) channel?.deliver("text");
    expect([rejected(ann, "malformed"), rejected(ben, "malformed")]).toEqual([1, 1]);
    await expectHealthy(ann, ben);
  });

  it("whose bodies don't fit is counted, without a word of what it sent", async () => {
    const loose = defineProtocol("test.chat", "1.0.0", { say: message((value: unknown) => value) });
    const [ann, ben] = await world.pair();
    const reasons: string[] = [];
    ben.room.on("rejected", ({ reason }) => reasons.push(reason));
    await ann.room.send(ben.room.id, loose.say, { secret: "s3cret" });
    await world.until(() => reasons.length === 1);
    expect(reasons.join()).not.toContain("s3cret");
    await expectHealthy(ann, ben);
  });
});

/** The same card's bytes with another box key in them. */
function replaceBox(b: Uint8Array, box: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(b);
  // The key, then a MessagePack bin of 32 bytes.
  const at = Buffer.from(bytes).indexOf(Buffer.from([0xa3, 0x62, 0x6f, 0x78, 0xc4, 32]));
  if (at < 0) throw new Error("the card has no box key");
  bytes.set(box, at + 6);
  return bytes;
}

describe("a server that lies about ICE servers", () => {
  const turn = (credential: string) => ({ urls: ["turn:turn.example.org"], username: "1790003600:ann", credential });
  const given = () => world.network.connections.map(({ configuration }) => configuration.iceServers);

  it("stops no connection: what no engine reads is left out and counted, the rest is used", async () => {
    world.server.ice = [
      { urls: ["http://192.168.1.1/", "javascript:alert(1)", "stun:good.example.org"] },
      { urls: ["turn:turn.example.org"] },
      ...Array(10).fill({ urls: Array(10).fill("stun:many.example.org") }),
    ];
    const guests = await world.pair();
    await expectHealthy(...guests);
    for (const servers of given()) {
      const urls = servers?.flatMap(({ urls: list }) => list) ?? [];
      expect(urls).toHaveLength(32);
      expect(new Set(urls)).toEqual(new Set(["stun:good.example.org", "stun:many.example.org"]));
    }
    for (const guest of guests) {
      expect(rejected(guest, "malformed")).toBe(2);
      expect(rejected(guest, "over-limit")).toBe(1);
    }
  });

  it("has its newer ones used for the next connection, and those of the app as before", async () => {
    world.server.ice = [turn("first")];
    const own = { urls: "stun:ours.example.org" };
    const [ann, ben] = await world.pair({ iceServers: [own] });
    const ours = { urls: ["stun:ours.example.org"] };
    expect(given()).toEqual([
      [ours, turn("first")],
      [ours, turn("first")],
    ]);
    for (const { room } of [ann, ben])
      world.server.say(room.id, { t: "ice", ice: [turn("second"), { urls: ["nonsense"] }] });
    await world.until(() => [ann, ben].every((guest) => rejected(guest, "malformed") === 1));
    const before = given().length;
    world.network.open[0]?.fail();
    await world.until(() => given().length >= before + 2);
    await world.untilConnected(ann, ben);
    for (const servers of given().slice(before)) expect(servers).toEqual([ours, turn("second")]);
  });
});
