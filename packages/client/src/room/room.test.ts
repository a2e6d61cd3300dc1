import { defineProtocol, message, type PeerId, peerKeyOf } from "@skein/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memorySignaling } from "../signaling/memory.js";
import { turn } from "../testing.test-support.js";
import type { PathProvider } from "./path-provider.js";
import type { Peer } from "./peer.js";
import { chat, type Guest, World } from "./world.test-support.js";

let world: World;

beforeEach(() => {
  world = new World();
});

afterEach(async () => {
  await world.leaveAll();
  // Whatever a test did: what was left holds nothing.
  expect(world.network.open).toEqual([]);
  expect(world.network.violations).toEqual([]);
  expect(world.clock.armed).toBe(0);
});

const peerOf = (guest: Guest, other: Guest): Peer => {
  const peer = guest.room.peers.get(other.room.id);
  if (peer === undefined) throw new Error("no such peer");
  return peer;
};

describe("two rooms on a server", () => {
  it("meet, connect, talk both ways and part", async () => {
    const [ann, ben] = await world.pair();
    await ann.room.send(ben.room.id, chat.say, "hi");
    await ben.room.send(peerOf(ben, ann), chat.say, "ho");
    ben.room.handle(chat.ask, (body) => `${body}!`);
    expect(await ann.room.request(ben.room.id, chat.ask, "really")).toBe("really!");
    await world.until(() => ann.heard.length > 0);
    expect([ann.heard, ben.heard]).toEqual([["ho"], ["hi"]]);
    expect(ann.seen).toEqual(["server-connected", "peer-joined", "peer-connected", "path-changed"]);
    expect(peerOf(ann, ben)).toMatchObject({ state: "connected", path: "direct" });
    expect(ann.room.stats()).toMatchObject({ peers: 1, connected: 1, rejected: {}, server: "connected" });
    const [peer] = ben.room.peers.values();
    await ann.room.leave();
    await world.until(() => ben.seen.includes("peer-left"));
    expect(peer?.state).toBe("gone");
    expect(ben.room.peers.size).toBe(0);
    await expect(ann.room.send(ben.room.id, chat.say, "hi")).rejects.toMatchObject({ code: "closed" });
    await expect(ben.room.send(ann.room.id, chat.say, "hi")).rejects.toMatchObject({ code: "no-such-peer" });
  });

  it("have what was sent before they were linked delivered first, in order", async () => {
    const release = world.hold();
    const ann = await world.join();
    const ben = await world.join();
    await world.until(() => ann.room.peers.size > 0);
    const sent = ["one", "two", "three"].map((text) => ann.room.send(ben.room.id, chat.say, text));
    ann.room.on("peer-connected", (peer) => void ann.room.send(peer, chat.say, "four"));
    release();
    await world.untilConnected(ann, ben);
    await Promise.all(sent);
    await world.until(() => ben.heard.length === 4);
    expect(ben.heard).toEqual(["one", "two", "three", "four"]);
  });

  it("come up all the same where a message that waited for it can't be sent", async () => {
    const other = defineProtocol("test.other", "1.0.0", { say: message((value: unknown) => value) });
    const release = world.hold();
    const ann = await world.join({ protocols: [chat, other] });
    const ben = await world.join();
    await world.until(() => ann.room.peers.size > 0);
    const outcomes = [
      expect(ann.room.send(ben.room.id, chat.say, 7 as unknown as string)).rejects.toMatchObject({ code: "bad-body" }),
      expect(ann.room.send(ben.room.id, other.say, 7)).rejects.toMatchObject({ code: "protocol-mismatch" }),
    ];
    const good = ann.room.send(ben.room.id, chat.say, "good");
    release();
    await world.untilConnected(ann, ben);
    await Promise.all([...outcomes, good]);
    expect(ann.seen).toContain("peer-connected");
    await world.until(() => ben.heard.length > 0);
  });

  it("broadcast to those that speak the protocol, and count them", async () => {
    const ann = await world.join();
    const ben = await world.join();
    const mute = await world.join({ protocols: [] });
    await world.untilConnected(ann, ben, mute);
    expect(await ann.room.broadcast(chat.say, "all")).toBe(1);
    await world.until(() => ben.heard.length === 1);
    await expect(ann.room.broadcast(chat.say, 7 as unknown as string)).rejects.toMatchObject({ code: "bad-body" });
  });

  it("tell a path through the server of what it forwarded in vain, and of no lost signals", async () => {
    const told: string[] = [];
    const nothing = () => {};
    const attached = { direct: nothing, receive: nothing, server: nothing, lost: nothing, close: nothing };
    const provider: PathProvider = {
      kind: "relay",
      replacesDirect: false,
      attach: () => ({ ...attached, undeliverable: (reason) => void told.push(reason) }),
    };
    const ann = await world.join({ paths: [provider] });
    const ben = await world.join();
    await world.untilConnected(ann, ben);
    const to = peerKeyOf(ben.room.id);
    for (const more of [{ class: "signal" }, { class: "relay" }, {}] as const) {
      const reason = `of class ${more.class ?? "unknown"}`;
      world.server.say(ann.room.id, { t: "undeliverable", to, reason, ...more });
    }
    await world.until(() => told.length === 2);
    expect(told).toEqual(["of class relay", "of class unknown"]);
  });

  it("have a path again soon after one side lost it and the other didn't notice", async () => {
    const [ann, ben] = await world.pair();
    world.network.isCut = true;
    const before = world.clock.nowMs();
    // One side's engine finds out; the other's doesn't, and the goodbye is lost.
    world.server.route = () => [];
    world.network.open[0]?.fail();
    await turn();
    world.server.route = (forward) => [forward];
    world.network.isCut = false;
    await world.until(() => world.network.connections.length === 4 && world.connected(ann, ben));
    expect(world.clock.nowMs() - before).toBeLessThan(5_000);
    await ann.room.send(ben.room.id, chat.say, "again");
    await world.until(() => ben.heard.length === 1);
    for (const { seen } of [ann, ben]) {
      expect(seen).not.toContain("peer-disconnected");
      expect(seen.filter((name) => name === "peer-connected")).toHaveLength(1);
      expect(seen.filter((name) => name === "path-changed").length).toBeGreaterThan(1);
    }
  });

  it("have a path again after a cut that no engine tells of: they find out for themselves, and lose nothing", async () => {
    const [ann, ben] = await world.pair();
    world.network.isCut = true;
    const sent = [ann.room.send(ben.room.id, chat.say, "into the cut"), ben.room.send(ann.room.id, chat.say, "too")];
    await world.clock.pass(26_000);
    expect([ann, ben].map(({ room }) => [...room.peers.values()][0]?.path)).toEqual([undefined, undefined]);
    world.network.isCut = false;
    await world.untilConnected(ann, ben);
    await Promise.all(sent);
    await world.until(() => ben.heard.length + ann.heard.length === 2);
    expect(ann.seen).not.toContain("peer-disconnected");
  });

  it("give up a peer that the server lost as soon as its link is in doubt, not when it is lost for sure", async () => {
    const [ann, ben] = await world.pair();
    await world.clock.pass(20);
    world.network.isCut = true;
    world.server.say(ann.room.id, { t: "peer-left", id: peerKeyOf(ben.room.id), reason: "lost" });
    // The inbox takes a turn.
    await turn();
    await world.clock.pass(4_100);
    expect(ann.room.peers.size).toBe(0);
    expect(ann.seen).toContain("peer-left");
    world.network.isCut = false;
  });

  it("answer over the next path what was asked over the one before", async () => {
    const [ann, ben] = await world.pair();
    let answer: (text: string) => void = () => {};
    ben.room.handle(chat.ask, () => new Promise<string>((resolve) => (answer = resolve)));
    const answers: string[] = [];
    const asked = ann.room.request(ben.room.id, chat.ask, "a").then((text) => answers.push(text));
    await turn();
    world.network.open[0]?.fail();
    answer("b");
    await world.until(() => answers.length > 0);
    await asked;
    expect(answers).toEqual(["b"]);
  });

  it("tell who waits that the link was lost, where the peer leaves", async () => {
    const [ann, ben] = await world.pair();
    ben.room.handle(chat.ask, () => new Promise<string>(() => {}));
    const asked = expect(ann.room.request(ben.room.id, chat.ask, "a")).rejects.toMatchObject({ code: "link-lost" });
    await turn();
    await ben.room.leave();
    await asked;
    expect(ann.seen).toContain("peer-disconnected");
  });

  it("say how many messages were on their way to a peer that is gone for good, where any were", async () => {
    const [ann, ben] = await world.pair();
    const reasons: string[] = [];
    ann.room.on("peer-disconnected", ({ reason }) => reasons.push(reason));
    // The first of a type has one before it that names it.
    await ann.room.send(ben.room.id, chat.say, "first");
    await world.clock.pass(20);
    world.network.isCut = true;
    await Promise.all(["a", "b", "c"].map((text) => ann.room.send(ben.room.id, chat.say, text)));
    world.server.say(ann.room.id, { t: "peer-left", id: peerKeyOf(ben.room.id), reason: "lost" });
    await turn();
    await world.clock.pass(4_100);
    expect(reasons).toEqual(["The link ended: lost. 3 messages were never acknowledged."]);
    expect(ann.seen.at(-1)).toBe("peer-left");
    world.network.isCut = false;
  });

  it("bound a request by its own deadline also while there is no link", async () => {
    const ann = await world.join();
    const ben = await world.join();
    world.server.route = () => [];
    await world.until(() => ann.room.peers.size > 0);
    const asked = ann.room.request(ben.room.id, chat.ask, "a", { timeoutMs: 1_000 }).catch((error: unknown) => error);
    let failure: unknown;
    void asked.then((error) => {
      failure = error;
    });
    await turn();
    world.clock.advance(999);
    await turn();
    expect(failure).toBeUndefined();
    world.clock.advance(1);
    await turn();
    expect(failure).toMatchObject({ code: "timeout" });
  });

  it("end a send that waits too long for a link, and a request whose caller gave up", async () => {
    const ann = await world.join();
    const ben = await world.join();
    world.server.route = () => [];
    await world.until(() => ann.room.peers.size > 0);
    const sent = expect(ann.room.send(ben.room.id, chat.say, "a")).rejects.toMatchObject({ code: "timeout" });
    const controller = new AbortController();
    const { signal } = controller;
    const asked = expect(ann.room.request(ben.room.id, chat.ask, "a", { signal })).rejects.toMatchObject({
      code: "aborted",
    });
    controller.abort();
    await asked;
    await world.clock.pass(30_000);
    await sent;
  });

  it("have one link where both step in at once", async () => {
    const ann = await world.join();
    const ben = await world.join();
    await world.untilConnected(ann, ben);
    expect(world.network.open).toHaveLength(2);
    expect(ann.seen.filter((name) => name === "peer-connected")).toHaveLength(1);
  });
});

describe("messages that are tried", () => {
  it("go where there is a link with room, and tell where there isn't", async () => {
    const ann = await world.join();
    const release = world.hold();
    const ben = await world.join();
    await world.until(() => ann.room.peers.size > 0);
    const peer = peerOf(ann, ben);
    expect(ann.room.trySend(peer, chat.say, "no link yet")).toBe(false);
    release();
    await world.untilConnected(ann, ben);
    expect(ann.room.trySend(peer.id, chat.say, "one")).toBe(true);
    await world.until(() => ben.heard.length === 1);
    world.network.isCut = true;
    let count = 0;
    while (count < 1_000 && ann.room.trySend(peer, chat.say, "x".repeat(10_000))) count++;
    expect(count).toBeGreaterThan(25);
    expect(count).toBeLessThan(1_000);
    world.network.isCut = false;
    await world.until(() => ann.room.trySend(peer, chat.say, "last"));
    await world.until(() => ben.heard.at(-1) === "last");
    expect(ben.heard).toHaveLength(count + 2);
  });

  it("throw where nobody is meant, or the room was left", async () => {
    const [ann, ben] = await world.pair();
    expect(() => ann.room.trySend(world.identity(99).id, chat.say, "x")).toThrow("No peer");
    await ben.room.leave();
    expect(() => ben.room.trySend(ann.room.id, chat.say, "x")).toThrow("was left");
  });
});

describe("a room", () => {
  it("can be left from inside of what it tells", async () => {
    const [ann, ben] = await world.pair();
    ann.room.on("path-changed", () => void ann.room.leave());
    world.network.isCut = true;
    const [, second] = world.network.open;
    second?.fail();
    await turn();
    world.network.isCut = false;
    await world.until(() => ann.seen.includes("closed"));
    expect(ben.seen).not.toContain("closed");
  });

  it("links to nobody that the app doesn't admit", async () => {
    const ann = await world.join({ admit: () => false });
    const ben = await world.join();
    await world.until(() => ben.room.peers.size === 1);
    await world.clock.pass(5_000);
    expect(ann.room.peers.size).toBe(0);
    expect(ben.seen).not.toContain("peer-connected");
  });

  it("shows what changes in its card, and keeps the old one where the new one can't be", async () => {
    const [ann, ben] = await world.pair();
    await expect(ann.room.update({ meta: "x".repeat(5_000) })).rejects.toMatchObject({ code: "too-large" });
    expect(ann.room.card.meta).toBeUndefined();
    await ann.room.update({ name: "Ann" });
    await world.until(() => peerOf(ben, ann).card.name === "Ann");
    expect(ben.seen).toContain("peer-updated");
    await Promise.all([ann.room.update({ name: "Anna" }), ann.room.update({ capabilities: ["sing"] })]);
    await world.until(() => peerOf(ben, ann).card.caps.length === 1);
    expect(peerOf(ben, ann).card.name).toBe("Anna");
  });

  it("whose identity joins again elsewhere is closed, and the later one is linked", async () => {
    const identity = world.identity(77);
    const first = await world.join({ identity });
    const ben = await world.join();
    await world.untilConnected(first, ben);
    const second = await world.join({ identity });
    await world.until(() => first.seen.includes("closed"));
    await world.untilConnected(second, ben);
    expect(ben.room.peers.size).toBe(1);
    await expect(first.room.send(ben.room.id, chat.say, "x")).rejects.toMatchObject({ code: "closed" });
  });
});

describe("while the server is away", () => {
  it("links live on, and afterwards nothing is linked anew and newcomers are", async () => {
    const [ann, ben] = await world.pair();
    world.server.crash();
    await world.until(() => ann.seen.includes("server-disconnected") && ben.seen.includes("server-disconnected"));
    expect(ann.room.stats().server).toBe("disconnected");
    await ann.room.send(ben.room.id, chat.say, "still here");
    await world.until(() => ben.heard.length === 1);
    world.server.isDown = false;
    const back = (guest: Guest) => guest.seen.filter((name) => name === "server-connected").length === 2;
    await world.until(() => back(ann) && back(ben));
    const cat = await world.join();
    await world.untilConnected(ann, ben, cat);
    for (const { seen } of [ann, ben]) expect(seen).not.toContain("peer-disconnected");
    expect(world.network.open).toHaveLength(6);
  });

  it("a link without a path lasts until the others are back as well, 20 s at most", async () => {
    const [ann, ben] = await world.pair();
    world.server.crash();
    await world.until(() => ann.seen.includes("server-disconnected"));
    for (const connection of world.network.open) connection.close();
    world.network.isCut = true;
    await world.until(() => ann.room.peers.get(ben.room.id)?.path === undefined);
    world.server.isDown = false;
    // Of the two only ann comes back: ben's connections go nowhere.
    world.server.admits = (id) => id !== ben.room.id;
    await world.until(() => ann.seen.filter((name) => name === "server-connected").length === 2);
    world.clock.advance(19_000);
    await turn();
    expect(ann.room.peers.size).toBe(1);
    await world.until(() => ann.seen.includes("peer-left"));
    expect(ann.room.peers.size).toBe(0);
  });

  it("what the server said before isn't taken for its return", async () => {
    const ann = await world.join();
    await world.until(() => ann.seen.includes("server-connected"));
    world.server.say(ann.room.id, { t: "joined", room: "lab", peers: [], ice: [] });
    world.server.crash();
    await world.until(() => ann.seen.includes("server-disconnected"));
    await turn();
    expect(ann.room.stats().server).toBe("disconnected");
    world.server.isDown = false;
  });

  it("a peer that the server calls lost stays for as long as its link answers", async () => {
    const [ann, ben] = await world.pair();
    world.server.say(ann.room.id, { t: "peer-left", id: peerKeyOf(ben.room.id), reason: "lost" });
    await ann.room.send(ben.room.id, chat.say, "still here");
    await world.until(() => ben.heard.length === 1);
    expect(ann.room.peers.size).toBe(1);
    await ben.room.leave();
    await world.until(() => ann.room.peers.size === 0);
  });
});

describe("rooms in one process", () => {
  it("meet by memory, part, and meet again under the same identity", async () => {
    const signaling = memorySignaling();
    const identity = world.identity(78);
    const ann = await world.join({ signaling });
    const ben = await world.join({ signaling, identity });
    const elsewhere = await world.join({ signaling, room: "other" });
    await world.untilConnected(ann, ben);
    expect(elsewhere.room.peers.size).toBe(0);
    await ben.room.leave();
    await world.until(() => ann.room.peers.size === 0);
    const again = await world.join({ signaling, identity });
    await world.untilConnected(ann, again);
    expect(ann.seen.filter((name) => name === "peer-left")).toHaveLength(1);
  });

  it("move to the later join of an identity that is still here, and close the earlier", async () => {
    const signaling = memorySignaling();
    const identity = world.identity(79);
    const ann = await world.join({ signaling });
    const first = await world.join({ signaling, identity });
    await world.untilConnected(ann, first);
    world.clock.advance(5);
    const second = await world.join({ signaling, identity });
    await world.until(() => first.seen.includes("closed"));
    await world.untilConnected(ann, second);
    expect(ann.room.peers.size).toBe(1);
  });

  it("don't join with a signal that was aborted before", async () => {
    const signal = AbortSignal.abort();
    await expect(world.join({ signaling: memorySignaling(), signal })).rejects.toMatchObject({ code: "aborted" });
  });

  it("see nobody in a room without others", async () => {
    const ann = await world.join({ signaling: memorySignaling() });
    await world.until(() => ann.seen.includes("server-connected"));
    expect(ann.room.peers.size).toBe(0);
    await expect(ann.room.send("x" as PeerId, chat.say, "hi")).rejects.toMatchObject({ code: "bad-argument" });
  });
});

describe("lossy messages", () => {
  const pointer = defineProtocol("test.pointer", "1.0.0", {
    at: message(
      (value: unknown): number => {
        if (typeof value !== "number") throw new Error("not a number");
        return value;
      },
      { lane: "lossy" },
    ),
  });

  async function pointing() {
    const ann = await world.join({ protocols: [pointer] });
    const ben = await world.join({ protocols: [pointer] });
    const seen: number[] = [];
    ben.room.handle(pointer.at, (x) => void seen.push(x));
    await world.untilConnected(ann, ben);
    return { ann, ben, seen };
  }

  it.each([
    ["go over a channel of their own", "open" as const, 3],
    ["go over the other where theirs doesn't open", "stay closed" as const, 0],
    ["go over the other where theirs can't be made", "throw" as const, 0],
  ])("%s", async (_name, lossyChannels, framesOnTheirs) => {
    world.network.lossyChannels = lossyChannels;
    const { ann, ben, seen } = await pointing();
    const channel = world.network.open[0]?.lossyChannel;
    let frames = 0;
    const send = channel?.send.bind(channel);
    if (channel !== undefined && send !== undefined) {
      channel.send = (frame) => {
        frames++;
        send(frame);
      };
    }
    for (const x of [1, 2, 3]) {
      await ann.room.send(ben.room.id, pointer.at, x);
      await world.until(() => seen.at(-1) === x);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(frames).toBe(framesOnTheirs);
    expect(ben.room.stats()).toMatchObject({ rejected: {} });
  });

  it("are lost with the channel for them, which the link outlasts", async () => {
    const { ann, ben, seen } = await pointing();
    await ann.room.send(ben.room.id, pointer.at, 1);
    await world.until(() => seen.length === 1);
    for (const connection of world.network.open) connection.lossyChannel?.end();
    await ann.room.send(ben.room.id, pointer.at, 2);
    await world.until(() => seen.length === 2);
    expect(ann.seen).not.toContain("peer-disconnected");
  });

  it("never wait: without a link they are dropped, counted, and held against their schema all the same", async () => {
    const release = world.hold();
    const ann = await world.join({ protocols: [pointer] });
    const ben = await world.join({ protocols: [pointer] });
    await world.until(() => ann.room.peers.size > 0);
    await ann.room.send(ben.room.id, pointer.at, 1);
    expect(ann.room.stats()).toMatchObject({ messagesSent: 0, messagesDropped: 1 });
    const wrong = ann.room.send(ben.room.id, pointer.at, "x" as unknown as number);
    await expect(wrong).rejects.toMatchObject({ code: "bad-body" });
    release();
    await world.untilConnected(ann, ben);
  });
});
