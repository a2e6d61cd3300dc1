import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compact } from "./compact.js";
import { cardOf, Listener, read, type Seen } from "./listener.test-support.js";
import { Nodes } from "./nodes.js";
import type { Change, Claim, NodesMessage, ReadClaim } from "./nodes-message.js";
import { Hub, type Place } from "./rooms.js";

const graceMs = 100;
const beatMs = 10;
const silentMs = 50;

interface Sent {
  readonly from: string;
  readonly to: readonly Member[];
  readonly message: NodesMessage;
}

/** What lies between nodes: a message arrives when it is let, or never, or twice. */
class Network {
  readonly members: Member[] = [];
  readonly underWay: Sent[] = [];
  readonly #newest = new Map<string, number>();
  nowMs = 1_000;

  add(): Member {
    const member = new Member(this, String.fromCharCode(65 + this.members.length).repeat(16));
    this.members.push(member);
    member.nodes.connected(this.nowMs);
    return member;
  }

  get alive(): Member[] {
    return this.members.filter(({ isAlive }) => isAlive);
  }

  send(from: Member, to: readonly Member[], message: NodesMessage): void {
    if (from.isThere) this.underWay.push({ from: from.name, to: to.filter(({ isThere }) => isThere), message });
  }

  /** A join never shows a card that is older than one that it has shown. */
  nextN({ peer, box }: { readonly peer: number; readonly box: number }, more: number): number {
    const n = (this.#newest.get(`${peer} ${box}`) ?? 0) + more;
    this.#newest.set(`${peer} ${box}`, n);
    return n;
  }

  /** Delivers what is under way, and what comes of it. */
  settle(): void {
    while (this.underWay.length > 0) this.deliver(0);
  }

  deliver(index: number): void {
    const [sent] = this.underWay.splice(index, 1);
    if (sent === undefined) return;
    for (const member of sent.to) member.hear(sent);
  }

  pass(ms: number): void {
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; this.nowMs++) {
      for (const { hub, nodes } of this.alive) {
        hub.tick(this.nowMs);
        nodes.tick(this.nowMs);
      }
    }
  }

  /** The same, with all that is said arriving. */
  passQuietly(ms: number): void {
    for (let passedMs = 0; passedMs < ms; passedMs++) {
      this.settle();
      this.pass(1);
    }
    this.settle();
  }
}

/** A node: hub and core, and the clients that sit there. */
class Member {
  readonly name: string;
  readonly hub: Hub<Listener>;
  readonly nodes: Nodes<Listener>;
  readonly listeners: Listener[] = [];
  readonly undelivered: string[] = [];
  readonly #network: Network;
  readonly #listening = new Set<string>();
  isAlive = true;
  isThere = true;
  aheadMs = 0;
  forwardOutcome: "passed" | "busy" = "passed";

  constructor(network: Network, name: string) {
    this.name = name;
    this.#network = network;
    this.hub = new Hub<Listener>(
      {
        graceMs,
        silentGraceMs: graceMs,
        packetBytes: 32 * 1024,
        bufferedBytes: 1_000,
        rooms: 9,
        peersPerRoom: 9,
        peers: 99,
      },
      {
        send: (listener, packet) => listener.hear(packet),
        forward: (listener, packet) => listener.forwards.push(packet),
        bufferedBytes: (listener) => listener.bufferedBytes,
        replace: (listener) => {
          listener.isReplaced = true;
        },
        undelivered: (_, target, reason, kind) => this.undelivered.push(`${target.charCodeAt(0)} ${reason} ${kind}`),
      },
    );
    const settings = { node: name, beatMs, silentMs, peersPerRoom: 9, nodes: 9, snapshotBytes: 150 };
    this.nodes = new Nodes(
      this.hub,
      { ...settings, keyOf: (room) => room.padEnd(16, "."), wallMs: () => network.nowMs + this.aheadMs },
      {
        remove: () => {},
        toAll: (message) => network.send(this, network.alive, message),
        toRoom: (room, message) =>
          network.send(
            this,
            network.alive.filter((member) => member.#listening.has(room)),
            message,
          ),
        toNode: (node, message) =>
          network.send(
            this,
            network.alive.filter((member) => member.name === node),
            message,
          ),
        listen: (room, isOn) => (isOn ? this.#listening.add(room) : this.#listening.delete(room)),
        forward: (node, room, target, kind, packet) => {
          const to = network.alive.find((member) => member.name === node);
          const outcome = to?.nodes.deliver(room, target, kind, packet) ?? "passed";
          const source = compact(packet.subarray(1, 33));
          if (outcome !== "passed") this.nodes.undelivered(room, source, target, outcome, kind);
          return this.forwardOutcome;
        },
      },
    );
    this.hub.nodes = this.nodes;
  }

  join(seen: Seen, room = "lab"): Listener {
    const listener = new Listener();
    const outcome = this.hub.join({ connection: listener, room, ice: [], ...cardOf(seen) });
    if (outcome.joined) listener.place = outcome.place;
    this.listeners.push(listener);
    return listener;
  }

  leave(listener: Listener): void {
    this.hub.leave(placeOf(listener), listener);
  }

  lose(listener: Listener): void {
    this.hub.lose(placeOf(listener), listener, this.#network.nowMs);
  }

  forward(listener: Listener, to: number, kind: "signal" | "relay" = "signal") {
    const packet = new Uint8Array(40).fill(to, 1, 33);
    const outcome = this.hub.forward(placeOf(listener), compact(packet.subarray(1, 33)), kind, packet);
    if (outcome !== "passed") expect(packet.subarray(1, 33)).toEqual(new Uint8Array(32).fill(to));
    return outcome;
  }

  die(): void {
    this.isAlive = false;
    this.isThere = false;
  }

  cut(): void {
    this.isThere = false;
    this.nodes.disconnected();
  }

  mend(): void {
    if (this.isThere || !this.isAlive) return;
    this.isThere = true;
    this.nodes.connected(this.#network.nowMs);
  }

  hear({ from, message }: Sent): void {
    if (this.isThere) this.nodes.handle(from, readAll(message), this.#network.nowMs);
  }

  sees(listener: Listener): number[] {
    return [...listener.room.keys()].sort();
  }
}

function placeOf({ place }: Listener): Place<Listener> {
  return place as Place<Listener>;
}

function readAll(message: NodesMessage): NodesMessage<ReadClaim> {
  if (message.type === "snapshot") return { ...message, claims: message.claims.map(readClaim) };
  return message.type === "change" ? { ...message, change: readChange(message.change) } : message;
}

function readChange(change: Change): Change<ReadClaim> {
  return change.type === "claim" ? { ...change, claim: readClaim(change.claim) } : change;
}

function readClaim(claim: Claim): ReadClaim {
  const { peer, box, n } = read(claim.card);
  const bytes = (value: number) => String.fromCharCode(value).repeat(32);
  return { ...claim, key: bytes(peer), box: bytes(box), n };
}

const ada = { peer: 1, box: 1, n: 0 };
const bob = { peer: 2, box: 1, n: 0 };

function twoNodes() {
  const network = new Network();
  const [one, two] = [network.add(), network.add()];
  network.settle();
  return { network, one, two };
}

function meeting() {
  const { network, one, two } = twoNodes();
  const first = one.join(ada);
  const second = two.join(bob);
  network.settle();
  return { network, one, two, first, second };
}

describe("two nodes", () => {
  test("show each the other's peers, each once", () => {
    const { first, second } = meeting();
    expect(first.log).toEqual(["joined 0", "peer-joined 2"]);
    expect(second.log).toEqual(["joined 0", "peer-joined 1"]);
  });

  test("list the other's peers to whoever comes next", () => {
    const { one } = meeting();
    expect(one.join({ ...bob, peer: 3 }).log).toEqual(["joined 2"]);
  });

  test("tell of newer cards, of peers that are away, and why one left", () => {
    const { network, one, two, first, second } = meeting();
    const { card, signed } = cardOf({ ...bob, n: 3 });
    two.hub.announce(placeOf(second), second, card, signed);
    two.lose(second);
    network.passQuietly(graceMs + 1);
    expect(first.log.slice(2)).toEqual(["peer-updated 2 n3", "peer-away 2", "peer-left 2 lost"]);
    two.leave(two.join({ ...bob, box: 2 }));
    network.settle();
    expect(first.log.slice(5)).toEqual(["peer-joined 2", "peer-left 2 left"]);
    expect(one.sees(first)).toEqual([]);
  });

  test("say nothing to each other of rooms that they don't share", () => {
    const { network, one, two } = twoNodes();
    one.join(ada, "lab");
    two.join(bob, "hall");
    expect(network.underWay.flatMap(({ to }) => to).map(({ name }) => name[0])).toEqual(["A", "A", "B", "B"]);
  });

  test("pass forwards on, and say where one went nowhere", () => {
    const { network, one, two, first, second } = meeting();
    expect(one.forward(first, 2)).toBe("passed");
    expect(second.forwards).toHaveLength(1);
    expect(second.forwards[0]?.subarray(1, 33)).toEqual(new Uint8Array(32).fill(1));
    second.bufferedBytes = 501;
    expect(one.forward(first, 2, "relay")).toBe("passed");
    two.lose(second);
    one.forward(first, 2);
    expect(one.undelivered).toEqual(["2 busy relay", "2 gone signal"]);
    network.settle();
    expect(one.forward(first, 2)).toBe("gone");
  });

  test("refuse forwards at once where the backplane is away or full", () => {
    const { one, first } = meeting();
    one.forwardOutcome = "busy";
    expect(one.forward(first, 2)).toBe("busy");
    one.cut();
    expect(one.forward(first, 2)).toBe("gone");
  });
});

describe("a peer that moves to another node", () => {
  test("goes unnoticed where it is the same join: its old connection is ended", () => {
    const { network, one, two, first, second } = meeting();
    network.pass(1);
    const again = one.join(bob);
    network.settle();
    expect(second.isReplaced).toBe(true);
    expect(first.log).toEqual(["joined 0", "peer-joined 2"]);
    expect(again.log).toEqual(["joined 1"]);
    expect([one.hub.peers, two.hub.peers]).toEqual([2, 0]);
  });

  test("goes unnoticed by a third, whichever of the two nodes is heard first", () => {
    for (const order of [0, 1]) {
      const { network, one, two, second } = meeting();
      const third = network.add();
      network.settle();
      const watcher = third.join({ ...ada, peer: 3 });
      network.settle();
      two.join({ ...ada, peer: 4 });
      network.passQuietly(1);
      const told = watcher.log.length;
      one.join(bob);
      // The other node hears of it, and says that it has the peer no longer.
      const claim = network.underWay.find(({ message }) => message.type === "change");
      expect(claim).toBeDefined();
      two.hear(claim as Sent);
      network.underWay.splice(0, order === 0 ? 0 : 1);
      if (order === 1) {
        network.settle();
        third.hear(claim as Sent);
      }
      network.settle();
      expect(second.isReplaced).toBe(true);
      network.passQuietly(3 * graceMs);
      expect(watcher.log.slice(told)).toEqual([]);
    }
  });

  test("is another join where its box is another", () => {
    const { network, one, first, second } = meeting();
    one.join({ ...bob, box: 2 });
    network.settle();
    expect(second.isReplaced).toBe(true);
    expect(first.log.slice(2)).toEqual(["peer-left 2 replaced", "peer-joined 2"]);
  });

  test("is where it joined last, also where the node before didn't hear of it, and whose clock is ahead", () => {
    const { network, one, two, first, second } = meeting();
    two.aheadMs = 5_000;
    network.passQuietly(2 * beatMs);
    two.lose(second);
    const back = two.join(bob);
    two.cut();
    network.pass(beatMs);
    const moved = one.join(bob);
    network.pass(3 * beatMs);
    two.mend();
    network.passQuietly(3 * beatMs);
    expect([back.isReplaced, moved.isReplaced]).toEqual([true, false]);
    expect(first.log.filter((line) => line.startsWith("peer-left"))).toEqual([]);
  });
});

describe("a node that ends", () => {
  test("takes its peers along when their grace is over", () => {
    const { network, two, first } = meeting();
    two.die();
    network.passQuietly(silentMs + 2 * beatMs);
    expect(first.log.slice(2)).toEqual(["peer-away 2"]);
    network.passQuietly(graceMs);
    expect(first.log.slice(3)).toEqual(["peer-left 2 lost"]);
  });

  test("is followed by peers that come back elsewhere, which nobody notices", () => {
    const { network, one, two, first } = meeting();
    two.die();
    network.passQuietly(silentMs + 2 * beatMs);
    one.join(bob);
    network.passQuietly(3 * graceMs);
    expect(first.log.slice(2)).toEqual(["peer-away 2"]);
  });

  test("says so where it can, and isn't waited for", () => {
    const { network, two, first } = meeting();
    two.nodes.end();
    two.die();
    network.settle();
    expect(first.log.slice(2)).toEqual(["peer-away 2"]);
    expect(network.alive[0]?.nodes.nodes).toEqual([]);
  });

  test("isn't one that can't be heard while the backplane is away, or while nothing comes through it", () => {
    const { network, one, two, first } = meeting();
    one.cut();
    two.cut();
    network.pass(5 * silentMs);
    one.mend();
    two.mend();
    network.underWay.length = 0;
    network.pass(beatMs + 1);
    network.passQuietly(5 * silentMs);
    one.isThere = false;
    network.pass(5 * silentMs);
    expect(first.log.slice(2)).toEqual([]);
  });
});

describe("what is lost", () => {
  /** What is said meanwhile gets lost. */
  function losing(network: Network, say: () => void): readonly Sent[] {
    network.settle();
    say();
    return network.underWay.splice(0);
  }

  test("is asked for when the next change doesn't follow from what is known", () => {
    const { network, two, first } = meeting();
    losing(network, () => two.join({ ...bob, peer: 3 }));
    two.join({ ...bob, peer: 4 });
    network.settle();
    expect(first.log.slice(2)).toEqual(["peer-joined 3", "peer-joined 4"]);
  });

  test("is asked for when a beat says that there is more", () => {
    const { network, two, first } = meeting();
    losing(network, () => two.join({ ...bob, peer: 3 }));
    network.passQuietly(beatMs + 3);
    expect(first.log.slice(2)).toEqual(["peer-joined 3"]);
  });

  test("isn't missed where a node says that it has nobody in the room", () => {
    const { network, one, two, second, first } = meeting();
    losing(network, () => two.leave(second));
    network.passQuietly(beatMs + graceMs + 3);
    expect(first.log.slice(2)).toEqual(["peer-away 2", "peer-left 2 lost"]);
    expect(one.sees(first)).toEqual([]);
  });

  test("doesn't come back to life when it arrives late", () => {
    const { network, one, two } = twoNodes();
    const first = one.join(ada);
    const late = losing(network, () => two.join(bob)).find(({ message }) => message.type === "change");
    network.passQuietly(beatMs + 3);
    two.leave(two.listeners[0] as Listener);
    network.settle();
    network.underWay.push(late as Sent);
    network.settle();
    expect(first.log.slice(1)).toEqual(["peer-joined 2", "peer-left 2 left"]);
  });

  test("is asked for again where the answer was lost as well, or a part of it", () => {
    const { network, one, two, first } = meeting();
    losing(network, () => {
      for (let peer = 3; peer < 8; peer++) two.join({ ...bob, peer });
    });
    network.passQuietly(beatMs + 1);
    expect(one.sees(first)).toEqual([2, 3, 4, 5, 6, 7]);
    const third = network.add();
    network.settle();
    const watcher = third.join({ ...ada, peer: 8 });
    const firstPart = () => network.underWay.findIndex(({ message: m }) => m.type === "snapshot" && m.parts > 1);
    while (firstPart() < 0) network.deliver(0);
    network.underWay.splice(firstPart(), 1);
    network.settle();
    network.passQuietly(3 * beatMs);
    expect(third.sees(watcher)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

type Move =
  | { readonly type: "join"; readonly at: number; readonly seen: Seen; readonly room: string }
  | { readonly type: "lose"; readonly at: number; readonly who: number }
  | { readonly type: "leave"; readonly at: number; readonly who: number }
  | { readonly type: "announce"; readonly at: number; readonly who: number; readonly n: number }
  | { readonly type: "deliver" | "drop" | "repeat"; readonly index: number }
  | { readonly type: "pass"; readonly ms: number }
  | { readonly type: "settle" }
  | { readonly type: "cut" | "mend" | "die"; readonly at: number };

const at = fc.nat(3);
const who = fc.nat(6);
const seen = fc.record({ peer: fc.integer({ min: 1, max: 4 }), box: fc.integer({ min: 1, max: 2 }), n: fc.nat(3) });
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant("join" as const), at, seen, room: fc.constantFrom("lab", "hall") }),
  },
  {
    weight: 3,
    arbitrary: fc.oneof(
      fc.record({ type: fc.constant("lose" as const), at, who }),
      fc.record({ type: fc.constant("leave" as const), at, who }),
    ),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("announce" as const), at, who, n: fc.nat(9) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constantFrom("deliver" as const, "drop" as const, "repeat" as const),
      index: fc.nat(20),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("settle" as const) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom("cut" as const, "mend" as const, "die" as const), at }) },
);

function play(network: Network, step: Move): void {
  // So that no two joins are at the same instant, whose order nobody could tell.
  network.pass(1);
  const { underWay } = network;
  switch (step.type) {
    case "settle":
      return network.settle();
    case "pass":
      return network.pass(step.ms);
    case "deliver":
      return network.deliver(step.index % (underWay.length || 1));
    case "drop":
      underWay.splice(step.index % (underWay.length || 1), 1);
      return;
    case "repeat":
      underWay.push(...underWay.slice(step.index % (underWay.length || 1)).slice(0, 1));
      return;
    default:
      return playAt(network.members[step.at % network.members.length] as Member, network, step);
  }
}

function playAt(member: Member, network: Network, step: Extract<Move, { at: number }>): void {
  if (!member.isAlive) return;
  switch (step.type) {
    case "cut":
      return member.isThere ? member.cut() : undefined;
    case "mend":
      return member.mend();
    case "die":
      return network.alive.length > 2 ? member.die() : undefined;
    case "join":
      member.join({ ...step.seen, n: network.nextN(step.seen, step.seen.n) }, step.room);
      return;
    default:
      return playListener(member, network, step);
  }
}

function playListener(member: Member, network: Network, step: Extract<Move, { who: number }>): void {
  const listener = member.listeners[step.who % (member.listeners.length || 1)];
  if (listener?.place?.connection !== listener || listener === undefined) return;
  switch (step.type) {
    case "lose":
      return member.lose(listener);
    case "leave":
      return member.leave(listener);
    case "announce": {
      const { key, box } = placeOf(listener);
      const own = { peer: key.charCodeAt(0), box: box.charCodeAt(0) };
      const { card, signed } = cardOf({ ...own, n: network.nextN(own, step.n) });
      member.hub.announce(placeOf(listener), listener, card, signed);
    }
  }
}

/** Who sits at nodes that live. */
function sitting(
  network: Network,
): { readonly member: Member; readonly listener: Listener; readonly place: Place<Listener> }[] {
  return network.alive.flatMap((member) =>
    member.listeners.flatMap((listener) => {
      const { place } = listener;
      return place !== undefined && place.connection === listener ? [{ member, listener, place }] : [];
    }),
  );
}

describe("whatever is lost, late or repeated, whoever dies", () => {
  test("every client is told a history that makes sense, and at last all agree on who is there", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 80 }), (moves) => {
        const network = new Network();
        for (let i = 0; i < 4; i++) network.add();
        network.settle();
        // Clients object by themselves to what makes no sense.
        for (const step of moves) play(network, step);
        for (const member of network.alive) member.mend();
        network.passQuietly(silentMs + 2 * graceMs + 10 * beatMs);
        const all = sitting(network);
        for (const { listener, place } of all) {
          const others = all.filter((one) => one.place.room.name === place.room.name && one.listener !== listener);
          const told = [...listener.room.values()].sort((a, b) => a.peer - b.peer);
          const there = others.map(({ place: { key, box, n } }) => ({
            peer: key.charCodeAt(0),
            box: box.charCodeAt(0),
            n,
          }));
          expect(told).toEqual(there.sort((a, b) => a.peer - b.peer));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("whoever joined last keeps its place", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), seen, at, (moves, last, where) => {
        const network = new Network();
        for (let i = 0; i < 4; i++) network.add();
        network.settle();
        for (const step of moves) play(network, step);
        network.pass(1);
        const listener = (network.alive[where % network.alive.length] as Member).join({
          ...last,
          n: network.nextN(last, 0),
        });
        for (const member of network.alive) member.mend();
        network.passQuietly(silentMs + 2 * graceMs + 10 * beatMs);
        expect(listener.isReplaced).toBe(false);
        expect(listener.place?.connection).toBe(listener);
      }),
      { numRuns: 100 },
    );
  });
});
