import { defineProtocol, message, parsePeerId, SkeinError } from "@skein/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Signaling } from "../signaling/signaling.js";
import type { RoomStats } from "./room-stats.js";
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

const only = (guest: Guest) => {
  const [peer, ...others] = guest.room.stats().perPeer;
  if (peer === undefined || others.length > 0) throw new Error(`there are ${guest.room.stats().peers} peers`);
  return peer;
};

const session = { address: "nowhere", forward: () => true, announce: () => {}, leave: async () => {} };

const namesOf = ({ events }: RoomStats) => events.map(({ event }) => event);

describe("room.stats", () => {
  it("tells of each peer how it is linked, and what went each way", async () => {
    const ann = await world.join();
    const ben = await world.join({ name: "ben" });
    const metMs = world.clock.wallMs();
    await world.untilConnected(ann, ben);
    await world.until(() => only(ann).candidates !== undefined);
    for (let i = 0; i < 5; i++) await ann.room.send(ben.room.id, chat.say, "x".repeat(1_000));
    await world.until(() => ben.heard.length === 5);
    const peer = only(ann);
    expect(peer).toMatchObject({
      id: ben.room.id,
      name: "ben",
      state: "connected",
      path: "direct",
      candidates: { local: "host", remote: "srflx" },
      // One says which number the type has.
      traffic: { messagesSent: 6, messagesReceived: 0, relayBytesSent: 0 },
    });
    expect(only(ben).traffic).toMatchObject({ messagesSent: 0, messagesReceived: 6 });
    expect(peer.sinceMs).toBeGreaterThanOrEqual(metMs);
    expect(peer.traffic.bytesSent).toBeGreaterThan(5_000);
    expect(ann.room.stats()).toMatchObject({ ...peer.traffic, peers: 1, connected: 1, server: "connected" });
  });

  it("is plain data, without addresses", async () => {
    const [ann] = await world.pair();
    await world.until(() => only(ann).candidates !== undefined);
    const stats = ann.room.stats();
    const json = JSON.stringify(stats);
    expect(JSON.parse(json)).toEqual(stats);
    expect(structuredClone(stats)).toEqual(stats);
    expect(json).not.toContain("192.0.2");
  });

  it("gives rates of the last ten seconds, for each peer and for all", async () => {
    const [ann, ben] = await world.pair();
    for (let i = 0; i < 49; i++) await ann.room.send(ben.room.id, chat.say, "x");
    await world.clock.pass(5_000);
    expect(only(ann).rates.messagesSent).toBe(5);
    expect(ann.room.stats().rates.messagesSent).toBe(5);
    expect(only(ben).rates.messagesReceived).toBe(5);
    await world.clock.pass(7_000);
    expect(only(ann).rates.messagesSent).toBe(0);
    expect(ann.room.stats().rates.messagesSent).toBe(0);
    expect(only(ann).traffic.messagesSent).toBe(50);
  });

  it("forgets none of the traffic of a peer that left, and tells no rate below nothing", async () => {
    const [ann, ben] = await world.pair();
    await ann.room.send(ben.room.id, chat.say, "hi");
    await world.until(() => ben.heard.length > 0);
    await world.clock.pass(1_000);
    const before = ann.room.stats();
    let during: RoomStats | undefined;
    ann.room.on("peer-disconnected", () => {
      during = ann.room.stats();
    });
    void ben.room.leave();
    await world.until(() => ann.seen.includes("peer-left"));
    for (const after of [during, ann.room.stats()]) {
      expect(after).toMatchObject({ peers: 0, perPeer: [], messagesSent: before.messagesSent });
      expect(after?.bytesReceived).toBeGreaterThanOrEqual(before.bytesReceived);
      expect(after?.rates.bytesReceived).toBeGreaterThanOrEqual(0);
    }
  });

  it("says since when a peer is in its state", async () => {
    const release = world.hold();
    const ann = await world.join();
    const ben = await world.join();
    await world.until(() => ann.room.peers.size > 0);
    const metMs = only(ann).sinceMs;
    await world.clock.pass(3_000);
    expect(only(ann)).toMatchObject({ state: "connecting", sinceMs: metMs });
    release();
    await world.untilConnected(ann, ben);
    const { sinceMs } = only(ann);
    expect(sinceMs).toBeGreaterThanOrEqual(metMs + 3_000);
    await world.clock.pass(3_000);
    expect(only(ann)).toMatchObject({ state: "connected", sinceMs });
  });

  it("knows no candidates of a direct path that is lost, and those of the next", async () => {
    const [ann] = await world.pair();
    await world.until(() => only(ann).candidates !== undefined);
    for (const connection of world.network.open) connection.fail();
    expect(only(ann)).toMatchObject({ path: undefined, candidates: undefined });
    await world.until(() => only(ann).candidates !== undefined);
    expect(only(ann).path).toBe("direct");
  });
});

describe("a room's last events", () => {
  it("are kept with their time, whom they were about, and why", async () => {
    const [ann, ben] = await world.pair();
    await world.clock.pass(1_000);
    const leftMs = world.clock.wallMs();
    void ben.room.leave();
    await world.until(() => ann.seen.includes("peer-left"));
    expect(namesOf(ann.room.stats())).toEqual(ann.seen);
    expect(ann.room.stats().events.at(-1)).toMatchObject({
      event: "peer-left",
      peer: ben.room.id,
      reason: "left",
      times: 1,
    });
    expect(ann.room.stats().events.at(-1)?.atMs).toBeGreaterThanOrEqual(leftMs);
  });

  it("are fifty", async () => {
    const [ann] = await world.pair();
    for (let i = 0; i < 100; i++) ann.room.signalingEvents().disconnected(`reason ${i}`);
    await world.until(() => ann.room.stats().events.at(-1)?.reason === "reason 99");
    expect(ann.room.stats().events.map(({ reason }) => reason)).toEqual(
      Array.from({ length: 50 }, (_, i) => `reason ${50 + i}`),
    );
  });

  it("aren't driven out by rubbish, which is counted", async () => {
    const [ann, ben] = await world.pair();
    const before = namesOf(ann.room.stats());
    for (let i = 0; i < 1_000; i++) {
      ann.room.signalingEvents().rejected({ ok: false, code: "malformed", reason: `rubbish ${i}` });
      ann.room.signalingEvents().envelope(ben.room.id, "signal", new Uint8Array(50));
    }
    await world.until(() => ann.seen.filter((name) => name === "rejected").length === 2_000);
    expect(namesOf(ann.room.stats())).toEqual([...before, "rejected", "rejected"]);
    expect(ann.room.stats().events.slice(-2)).toMatchObject([
      { reason: "malformed", times: 1_000 },
      { peer: ben.room.id, times: 1_000 },
    ]);
  });

  it("hold nothing of what a message said, or an error's text", async () => {
    const secret = "xyzzy-7";
    const other = defineProtocol("test.other", "1.0.0", { say: message((value: unknown) => value) });
    const ann = await world.join({ protocols: [chat, other] });
    const ben = await world.join({ protocols: [chat, other] });
    await world.untilConnected(ann, ben);
    ben.room.handle(other.say, () => {
      throw new Error(secret);
    });
    await ann.room.send(ben.room.id, other.say, secret);
    await world.until(() => ben.seen.includes("trouble"));
    expect(ben.room.stats().events.at(-1)).toMatchObject({ event: "trouble", reason: "handler-failed" });
    expect(JSON.stringify([ann.room.stats(), ben.room.stats()])).not.toContain(secret);
  });

  it("are still there once the room is over", async () => {
    const [ann] = await world.pair();
    const left = ann.room.leave();
    await world.until(() => ann.seen.includes("closed"));
    await left;
    expect(namesOf(ann.room.stats()).at(-1)).toBe("closed");
    expect(ann.room.stats()).toMatchObject({ peers: 0, server: "disconnected" });
  });
});

describe("the event stats", () => {
  it("comes each second with what room.stats gives, and no more once nobody listens", async () => {
    const [ann] = await world.pair();
    const heard: RoomStats[] = [];
    const stop = ann.room.on("stats", (stats) => {
      heard.push(stats);
      expect(stats).toEqual(ann.room.stats());
    });
    await world.clock.pass(3_000);
    expect(heard).toHaveLength(3);
    stop();
    await world.clock.pass(3_000);
    expect(heard).toHaveLength(3);
    expect(parsePeerId(heard[0]?.perPeer[0]?.id ?? "")).toBe(heard[0]?.perPeer[0]?.id);
  });

  it("is put together for listeners alone", async () => {
    const [ann] = await world.pair();
    let calls = 0;
    const stats = ann.room.stats.bind(ann.room);
    ann.room.stats = () => {
      calls++;
      return stats();
    };
    await world.clock.pass(5_000);
    expect(calls).toBe(0);
    ann.room.on("stats", () => {});
    await world.clock.pass(1_000);
    expect(calls).toBe(1);
  });

  it("has no timer of its own: one serves it and the watch for sleep", async () => {
    const ann = await world.join({ signaling: { join: async () => session } });
    await world.clock.pass(0);
    ann.room.on("stats", () => {});
    expect(world.clock.armed).toBe(1);
  });

  it("leaves no timer where signalling had ended before we were in", async () => {
    const signaling: Signaling = {
      join: async (_join, events) => {
        events.ended(new SkeinError("closed", "It ended."));
        return session;
      },
    };
    await world.join({ signaling });
    expect(world.clock.armed).toBe(0);
  });

  it("doesn't come once the room was left, and leaves no timer", async () => {
    const [ann, ben] = await world.pair();
    let heard = 0;
    ann.room.on("stats", () => heard++);
    await world.leaveAll();
    const before = heard;
    expect(world.clock.armed).toBe(0);
    await world.clock.pass(5_000);
    expect(heard).toBe(before);
    expect(ben.room.stats().peers).toBe(0);
  });
});
