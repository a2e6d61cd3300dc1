import {
  type Card,
  createBoxKeyPair,
  createIdentity,
  decodePacket,
  decodeServerMessage,
  encodeControl,
  encodeForwardPacket,
  type Identity,
  peerKeyOf,
  type SignedCard,
  signCard,
  toBase64Url,
} from "@skein/protocol";
import { describe, expect, it } from "vitest";
import { ManualWatch } from "../network/manual-watch.test-support.js";
import { countingRandom, TestClock, turn, until } from "../testing.test-support.js";
import { type BusPacket, busSignaling, type OpenBus } from "./bus.js";
import { memorySignaling } from "./memory.js";
import type { SignalingEvents, SignalingJoin } from "./signaling.js";

const identities = [1, 2, 3].map((seed) => createIdentity({ random: countingRandom(seed) })) as [
  Identity,
  Identity,
  Identity,
];
const [ann, ben, cat] = identities;

function cardOf({ id }: Identity, join: number): Promise<SignedCard> {
  const card: Card = { id, box: boxOf(join), started: join, caps: [], protocols: {}, n: 0 };
  return signCard(identities.find((identity) => identity.id === id) as Identity, card);
}

const boxOf = (join: number) => createBoxKeyPair(countingRandom(join)).publicKey;

async function joining(identity: Identity, join: number, options: Partial<SignalingJoin> = {}) {
  const card = await cardOf(identity, join);
  const told: unknown[][] = [];
  const events = Object.fromEntries(
    ["roster", "card", "away", "left", "envelope", "undeliverable", "complaint", "ended", "rejected"].map((name) => [
      name,
      (...args: unknown[]) => void told.push([name, ...args]),
    ]),
  ) as unknown as SignalingEvents;
  const input: SignalingJoin = {
    room: "lab",
    identity,
    card: () => card,
    clock: new TestClock(),
    network: new ManualWatch(),
    roll: () => 0,
    ...options,
  };
  return { card, told, events, input };
}

/** Enough to tell cards apart. */
const nameOf = ({ s }: SignedCard) => toBase64Url(s);

/** A bus whose other members are the test. */
async function scripted(identity: Identity, options: Partial<SignalingJoin> = {}) {
  const posted: BusPacket[] = [];
  const watched: { join: string; vanished: () => void }[] = [];
  let receive: (packet: BusPacket) => void = () => {};
  let closed = 0;
  const openBus: OpenBus = (_room, _member, take) => {
    receive = take;
    return {
      address: "test:",
      post: (packet) => posted.push(packet),
      watch: ({ join }, vanished) => watched.push({ join, vanished }),
      close: () => void closed++,
    };
  };
  const { card, told, events, input } = await joining(identity, 1, options);
  const session = await busSignaling(openBus, [{ urls: ["stun:x"] }]).join(input, events);
  const said = () =>
    posted.splice(0).map(({ to, packet }) => {
      const decoded = decodePacket(packet);
      if (!decoded.ok || decoded.value.kind !== "control") return [to, decoded];
      const read = decodeServerMessage(decoded.value.body);
      if (!read.ok) return [to, read];
      return "card" in read.value ? [to, read.value.t, nameOf(read.value.card)] : [to, read.value];
    });
  return { card, told, session, said, watched, receive: (packet: BusPacket) => receive(packet), closes: () => closed };
}

const all = (packet: Uint8Array): BusPacket => ({ to: undefined, packet });

describe("signalling over a bus", () => {
  it("shows our card to all, and to each newcomer once per join", async () => {
    const { card, told, said, receive } = await scripted(ann);
    expect(told).toEqual([["roster", [], [{ urls: ["stun:x"] }]]]);
    expect(said()).toEqual([[undefined, "peer-joined", nameOf(card)]]);
    const first = await cardOf(ben, 5);
    receive(all(encodeControl({ t: "peer-joined", card: first })));
    receive(all(encodeControl({ t: "peer-updated", card: first })));
    expect(said()).toEqual([[ben.id, "peer-updated", nameOf(card)]]);
    const again = await cardOf(ben, 6);
    receive(all(encodeControl({ t: "peer-joined", card: again })));
    expect(said()).toEqual([[ben.id, "peer-updated", nameOf(card)]]);
    expect(told.slice(1).map(([, shown]) => nameOf(shown as SignedCard))).toEqual([first, first, again].map(nameOf));
  });

  it("carries envelopes to whom they are for, and passes over those for others", async () => {
    const { told, session, said, receive } = await scripted(ann);
    said();
    const envelope = Uint8Array.of(1, 2);
    expect(session.forward(ben.id, "signal", envelope)).toBe(true);
    expect(said()).toMatchObject([[ben.id, { ok: true, value: { peer: ann.id, class: "signal", envelope } }]]);
    receive({ to: ann.id, packet: encodeForwardPacket("signal", ben.id, envelope) });
    receive({ to: cat.id, packet: encodeForwardPacket("signal", ben.id, envelope) });
    expect(told.slice(1)).toEqual([["envelope", ben.id, "signal", envelope]]);
  });

  it("tells of members that leave or vanish, once, and only of those it knows", async () => {
    const { told, receive, watched } = await scripted(ann);
    receive(all(encodeControl({ t: "peer-left", id: peerKeyOf(ben.id), reason: "left" })));
    receive(all(encodeControl({ t: "peer-joined", card: await cardOf(ben, 5) })));
    receive(all(encodeControl({ t: "peer-left", id: peerKeyOf(ben.id), reason: "left" })));
    receive(all(encodeControl({ t: "peer-left", id: peerKeyOf(ben.id), reason: "left" })));
    receive(all(encodeControl({ t: "peer-joined", card: await cardOf(cat, 6) })));
    for (const { vanished } of watched) vanished();
    const names = told.slice(1).map(([name, id, reason]) => (name === "left" ? [name, id, reason] : [name]));
    expect(names).toEqual([["card"], ["left", ben.id, "left"], ["card"], ["left", cat.id, "vanished"]]);
  });

  it("doesn't take the end of an earlier join for the end of a later one", async () => {
    const { told, receive, watched } = await scripted(ann);
    receive(all(encodeControl({ t: "peer-joined", card: await cardOf(ben, 5) })));
    receive(all(encodeControl({ t: "peer-joined", card: await cardOf(ben, 6) })));
    watched[0]?.vanished();
    expect(told.map(([name]) => name)).toEqual(["roster", "card", "card"]);
    watched[1]?.vanished();
    expect(told.at(-1)).toEqual(["left", ben.id, "vanished"]);
  });

  it("counts what it can't read, and isn't moved by what only a server says", async () => {
    const { told, receive } = await scripted(ann);
    receive(all(new Uint8Array(0)));
    receive(all(encodeControl({ t: "peer-joined", card: { b: Uint8Array.of(1), s: new Uint8Array(64) } })));
    receive(all(encodeControl({ t: "joined", room: "lab", peers: [], ice: [] })));
    receive(all(encodeControl({ t: "error", code: "replaced", message: "", fatal: true })));
    receive(all(encodeControl({ t: "pong" })));
    expect(told.slice(1).map(([name]) => name)).toEqual(["rejected", "rejected"]);
  });

  it("ends where our identity joined later elsewhere, and not for an earlier join or our own card", async () => {
    const { card, told, receive, closes } = await scripted(ann);
    receive(all(encodeControl({ t: "peer-joined", card: await cardOf(ann, 0) })));
    receive(all(encodeControl({ t: "peer-updated", card })));
    await turn();
    expect(closes()).toBe(0);
    receive(all(encodeControl({ t: "peer-joined", card: await cardOf(ann, 9) })));
    await until(() => told.some(([name]) => name === "ended"));
    expect(told.at(-1)).toEqual(["ended", expect.objectContaining({ code: "replaced" })]);
    expect(closes()).toBe(1);
  });

  it("isn't ended by a card of ours that we didn't sign", async () => {
    const { told, receive, closes } = await scripted(ann);
    const forged = { ...(await cardOf(ann, 9)), s: new Uint8Array(64).fill(1) };
    receive(all(encodeControl({ t: "peer-joined", card: forged })));
    await until(() => told.some(([name]) => name === "rejected" || name === "ended"));
    expect(told.at(-1)).toEqual(["rejected", expect.objectContaining({ code: "forged" })]);
    expect(closes()).toBe(0);
  });

  it("says goodbye when it leaves", async () => {
    const { session, said, closes } = await scripted(ann);
    said();
    await session.leave();
    expect(said()).toEqual([[undefined, { t: "peer-left", id: peerKeyOf(ann.id), reason: "left" }]]);
    expect(closes()).toBe(1);
  });

  it("aborted before it is in says nothing and closes its bus", async () => {
    const { events, input } = await joining(ann, 1, { signal: AbortSignal.abort() });
    const posted: BusPacket[] = [];
    let closed = 0;
    const bus = { address: "", post: (packet: BusPacket) => posted.push(packet), close: () => void closed++ };
    await expect(busSignaling(() => bus).join(input, events)).rejects.toMatchObject({ code: "aborted" });
    expect([posted, closed]).toEqual([[], 1]);
  });
});

describe("signalling in memory", () => {
  it("brings members of one room together, and nobody else", async () => {
    const signaling = memorySignaling();
    const [a, b, elsewhere] = await Promise.all([joining(ann, 1), joining(ben, 2), joining(cat, 3, { room: "other" })]);
    const sessions = [];
    for (const { input, events } of [a, b, elsewhere]) sessions.push(await signaling.join(input, events));
    await turn();
    const met = ({ told }: typeof a) => new Set(told.slice(1).map(([, shown]) => nameOf(shown as SignedCard)));
    expect(met(a)).toEqual(new Set([nameOf(b.card)]));
    expect(met(b)).toEqual(new Set([nameOf(a.card)]));
    const heardBefore = a.told.length;
    expect(elsewhere.told).toHaveLength(1);
    sessions[0]?.forward(ben.id, "signal", Uint8Array.of(7));
    sessions[0]?.forward(cat.id, "signal", Uint8Array.of(8));
    await turn();
    expect(b.told.at(-1)).toEqual(["envelope", ann.id, "signal", Uint8Array.of(7)]);
    expect(elsewhere.told).toHaveLength(1);
    await sessions[0]?.leave();
    await turn();
    expect(b.told.at(-1)).toEqual(["left", ann.id, "left"]);
    sessions[1]?.forward(ann.id, "signal", Uint8Array.of(9));
    await turn();
    expect(a.told).toHaveLength(heardBefore);
  });
});
