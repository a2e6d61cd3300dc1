import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LinkTraffic } from "../link/traffic.js";
import { turn } from "../testing.test-support.js";
import type { Peer } from "./peer.js";
import { chat, type Guest, World } from "./world.test-support.js";

let world: World;
/** Engines that restart, as browsers' do. */
let browsers: Parameters<World["pair"]>[0];
/** Engines that can't. */
let others: Parameters<World["pair"]>[0];

beforeEach(() => {
  world = new World();
  browsers = { engine: world.network.engine({ kind: "browser" }) };
  others = { engine: world.network.engine({ rollback: false }) };
});

afterEach(async () => {
  await world.leaveAll();
  expect(world.network.open).toEqual([]);
  expect(world.network.violations).toEqual([]);
  expect(world.clock.armed).toBe(0);
  expect(world.guests.map(({ network }) => network.watched)).toEqual(world.guests.map(() => 0));
});

const peerOf = (guest: Guest): Peer => [...guest.room.peers.values()][0] as Peer;
const directBytes = ({ traffic }: Peer): number => (traffic as LinkTraffic).bytesSent;

/** Both say something, and hear it. */
async function talk(...[ann, ben]: readonly Guest[]): Promise<void> {
  if (ann === undefined || ben === undefined) return;
  const before = ann.heard.length + ben.heard.length;
  await Promise.all([ann.room.send(ben.room.id, chat.say, "a"), ben.room.send(ann.room.id, chat.say, "b")]);
  await world.until(() => ann.heard.length + ben.heard.length === before + 2);
}

/** What each connection made there says of itself. A restart changes it. */
const descriptions = () => world.network.connections.map(({ localDescription }) => localDescription?.sdp);

/** How many signals went through the server since. */
const signals = () => world.server.forwards.length;

describe("a direct path that stops carrying", () => {
  it("is restarted as soon as it is suspect: the same connections go on, and nothing is lost", async () => {
    const [ann, ben] = await world.pair(browsers);
    world.network.breakWays();
    const sent = talk(ann, ben);
    await world.clock.pass(2_100);
    await sent;
    expect(world.network.connections.map(({ way }) => way)).toEqual(["open", "open"]);
    for (const { seen } of [ann, ben]) expect(seen.filter((name) => name === "path-changed")).toHaveLength(1);
  });

  it("is made anew where an engine can't restart, or the other side's can't", async () => {
    for (const [mine, theirs] of [
      [others, others],
      [browsers, others],
      [others, browsers],
    ]) {
      world.guests.length = 0;
      const ann = await world.join({ ...mine, room: "lab" });
      const ben = await world.join(theirs);
      await world.untilConnected(ann, ben);
      const made = descriptions();
      world.network.breakWays();
      const sent = talk(ann, ben);
      await world.clock.pass(9_000);
      expect(descriptions()).toEqual(made);
      await world.clock.pass(4_000);
      await sent;
      expect(world.network.connections.length).toBeGreaterThan(made.length);
      await world.leaveAll();
    }
  });

  it("is given up where a restart doesn't help", async () => {
    const [ann, ben] = await world.pair(browsers);
    world.network.isCut = true;
    const sent = talk(ann, ben);
    await world.clock.pass(13_000);
    expect(peerOf(ann).path).toBeUndefined();
    world.network.isCut = false;
    await world.untilConnected(ann, ben);
    await sent;
  });

  it.each([0, 1])(
    "isn't restarted while the server is away, and is when both are back, guest %i first",
    async (first) => {
      const guests = await world.pair(browsers);
      const isBack = ({ seen }: Guest) =>
        seen.lastIndexOf("server-connected") > seen.lastIndexOf("server-disconnected");
      world.server.stall();
      await world.until(() => !guests.some(isBack));
      world.network.breakWays();
      const before = descriptions();
      const sent = talk(...guests);
      await world.clock.pass(5_000);
      expect(descriptions()).toEqual(before);
      // Who comes first restarts into the void.
      world.server.isDown = false;
      for (const guest of first === 0 ? guests : [...guests].reverse()) {
        guest.network.change();
        await world.until(() => isBack(guest));
      }
      await sent;
      expect(world.network.connections.map(({ way }) => way)).toEqual(["open", "open"]);
      for (const { seen } of guests) expect(seen.filter((name) => name === "path-changed")).toHaveLength(1);
    },
  );

  it("isn't restarted while the platform knows that there is no network", async () => {
    const [ann, ben] = await world.pair(browsers);
    for (const { network } of [ann, ben]) network.isOnline = false;
    const before = descriptions();
    world.network.breakWays();
    const sent = talk(ann, ben);
    await world.clock.pass(5_000);
    expect(descriptions()).toEqual(before);
    for (const { network } of [ann, ben]) {
      network.isOnline = true;
      network.change("the browser is online again");
    }
    await sent;
    expect(world.network.connections).toHaveLength(2);
  });

  it("is in doubt once the engine has said for 2 s that it is disconnected, and restarted", async () => {
    const [ann, ben] = await world.pair(browsers);
    await world.clock.pass(20);
    const before = signals();
    world.network.breakWays();
    world.network.connections[0]?.waver("disconnected");
    await world.clock.pass(1_900);
    expect(signals()).toBe(before);
    await world.clock.pass(200);
    expect(signals()).toBeGreaterThan(before);
    await talk(ann, ben);
    expect(world.network.connections).toHaveLength(2);
  });
});

describe("when the network changes", () => {
  it("paths that restart do, though they carry, and lose nothing", async () => {
    const [ann, ben] = await world.pair(browsers);
    const before = descriptions();
    ann.network.change();
    await talk(ann, ben);
    await turn();
    for (const [index, fragment] of descriptions().entries()) expect(fragment).not.toBe(before[index]);
    expect(world.network.connections).toHaveLength(2);
  });

  it("paths that can't restart are asked, and kept where they answer", async () => {
    const [ann, ben] = await world.pair(others);
    await world.clock.pass(20);
    const [bytes, before] = [directBytes(peerOf(ann)), signals()];
    ann.network.change();
    await turn();
    expect(directBytes(peerOf(ann))).toBeGreaterThan(bytes);
    await world.clock.pass(15_000);
    await talk(ann, ben);
    expect(signals()).toBe(before);
    expect(world.network.connections).toHaveLength(2);
    expect(ann.seen.filter((name) => name === "path-changed")).toHaveLength(1);
  });

  it("an attempt that waits for its time begins soon", async () => {
    const [ann, ben] = await world.pair(browsers);
    world.server.route = () => [];
    world.network.open[0]?.fail();
    world.network.isCut = true;
    for (let minute = 0; minute < 2; minute++) await world.clock.pass(60_000);
    world.server.route = (forward) => [forward];
    world.network.isCut = false;
    for (const { network } of [ann, ben]) network.change();
    await world.clock.pass(400);
    expect(world.connected(ann, ben)).toBe(true);
  });

  it("a sleep counts as a change", async () => {
    const [ann, ben] = await world.pair(browsers);
    await world.clock.pass(20);
    world.network.breakWays();
    const before = signals();
    world.clock.sleep(3_600_000, "monotonic clock stands still");
    await world.clock.pass(5_000);
    expect(signals()).toBeGreaterThan(before);
    expect(world.network.connections.map(({ way }) => way)).toEqual(["open", "open"]);
    await talk(ann, ben);
    expect(ann.seen).not.toContain("peer-disconnected");
  });

  it("timers of a hidden tab that ring once a minute cost a few bytes, and nothing is restarted or lost", async () => {
    const [ann, ben] = await world.pair(browsers);
    await world.clock.pass(20);
    const before = signals();
    for (let minute = 0; minute < 30; minute++) {
      const bytes = directBytes(peerOf(ann));
      world.clock.sleep(60_000, "both clocks go on");
      await turn();
      await turn();
      expect(directBytes(peerOf(ann)) - bytes).toBeLessThan(30);
    }
    expect(signals()).toBe(before);
    await talk(ann, ben);
    expect(ann.seen.filter((name) => name === "path-changed")).toHaveLength(1);
  });

  it("a wall clock that is set back changes nothing", async () => {
    const [ann, ben] = await world.pair(browsers);
    await world.clock.pass(20);
    const before = signals();
    world.clock.setWallBack(86_400_000);
    await world.clock.pass(60_000);
    expect(signals()).toBe(before);
    await talk(ann, ben);
  });
});

describe("a server that comes and goes", () => {
  it("makes peers ask each other when it goes, and nothing else while they answer", async () => {
    const [ann, ben] = await world.pair(browsers);
    await world.clock.pass(20);
    const [bytes, before] = [directBytes(peerOf(ann)), descriptions()];
    world.server.stall();
    await world.until(() => ann.seen.includes("server-disconnected"));
    await turn();
    expect(directBytes(peerOf(ann))).toBeGreaterThan(bytes);
    world.server.isDown = false;
    await world.until(() => ann.seen.filter((name) => name === "server-connected").length === 2);
    await world.clock.pass(15_000);
    expect(descriptions()).toEqual(before);
    await talk(ann, ben);
  });

  it("never keeps two from trying: they are linked soon after it stays", async () => {
    const ann = await world.join(browsers);
    world.server.route = () => [];
    const ben = await world.join(browsers);
    await world.until(() => ann.seen.includes("peer-joined") && ben.seen.includes("peer-joined"));
    const returns = () => ann.seen.filter((name) => name === "server-connected").length;
    for (let flap = 0; flap < 30; flap++) {
      const before = returns();
      world.server.crash();
      await turn();
      world.server.isDown = false;
      for (const { network } of [ann, ben]) network.change();
      await world.until(() => returns() > before);
    }
    world.server.route = (forward) => [forward];
    const atMs = world.clock.nowMs();
    await world.untilConnected(ann, ben);
    expect(world.clock.nowMs() - atMs).toBeLessThan(20_000);
  });
});

describe("a peer that starts again under the same identity", () => {
  it.each(["while the server is there", "while the server is away"])("is linked anew, %s", async (when) => {
    const identity = world.identity(70);
    const ann = await world.join(browsers);
    const first = await world.join({ ...browsers, identity });
    await world.untilConnected(ann, first);
    if (when === "while the server is away") world.server.crash();
    // Its process is killed: nobody hears a goodbye.
    world.network.isCut = true;
    world.server.route = () => [];
    const killed = first.room.leave();
    await world.until(() => first.seen.includes("closed"));
    await killed;
    world.network.isCut = false;
    world.server.isDown = false;
    world.server.route = (forward) => [forward];
    world.clock.advance(5);
    const second = await world.join({ ...browsers, identity });
    await world.untilConnected(ann, second);
    expect(ann.room.peers.size).toBe(1);
    await talk(ann, second);
  });
});
