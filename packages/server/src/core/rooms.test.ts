import type { Card, SignedCard } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cardOf, Listener, type Seen } from "./listener.test-support.js";
import { Hub, type HubSettings, type Loss, type Place } from "./rooms.js";

const graceMs = 100;
const silentGraceMs = 300;

const settings: HubSettings = {
  graceMs,
  silentGraceMs,
  packetBytes: 32 * 1024,
  bufferedBytes: 1_000,
  rooms: 4,
  peersPerRoom: 4,
  peers: 6,
};

function createHub(more: Partial<HubSettings> = {}): Hub<Listener> {
  return new Hub<Listener>(
    { ...settings, ...more },
    {
      send: (listener, packet) => listener.hear(packet),
      forward: (listener, packet) => listener.forwards.push(packet),
      bufferedBytes: (listener) => listener.bufferedBytes,
      undelivered: () => {},
      replace: (listener) => {
        listener.isReplaced = true;
        listener.log.push("replaced");
      },
    },
  );
}

function join(hub: Hub<Listener>, seen: Seen, room = "lab"): Listener {
  const listener = new Listener();
  const outcome = hub.join({ connection: listener, room, ice: [], ...cardOf(seen) });
  if (outcome.joined) listener.place = outcome.place;
  return listener;
}

function lose(hub: Hub<Listener>, listener: Listener, nowMs: number, how?: Loss): void {
  hub.lose(listener.place as Place<Listener>, listener, nowMs, how);
}

const ada = { peer: 1, box: 1, n: 0 };
const bob = { peer: 2, box: 1, n: 0 };

describe("a hub tells", () => {
  test("the newcomer who is there, and the others who came", () => {
    const hub = createHub();
    const first = join(hub, ada);
    const second = join(hub, bob);
    expect(first.log).toEqual(["joined 0", "peer-joined 2"]);
    expect(second.log).toEqual(["joined 1"]);
    expect([hub.rooms, hub.peers]).toEqual([1, 2]);
  });

  test("nobody in another room", () => {
    const hub = createHub();
    const first = join(hub, ada);
    join(hub, bob, "hall");
    expect(first.log).toEqual(["joined 0"]);
    expect(hub.rooms).toBe(2);
  });

  test("leave at once, and forgets a room without places", () => {
    const hub = createHub();
    const first = join(hub, ada);
    const second = join(hub, bob);
    hub.leave(second.place as Place<Listener>, second);
    expect(first.log.at(-1)).toBe("peer-left 2 left");
    hub.leave(first.place as Place<Listener>, first);
    expect([hub.rooms, hub.peers, hub.deadline()]).toEqual([0, 0, undefined]);
  });

  test("away at once, lost when the grace is over", () => {
    const hub = createHub();
    const first = join(hub, ada);
    lose(hub, join(hub, bob), 1_000);
    expect(first.log.slice(2)).toEqual(["peer-away 2"]);
    expect(hub.deadline()).toBe(1_000 + graceMs);
    hub.tick(1_000 + graceMs - 1);
    expect(first.log.slice(3)).toEqual([]);
    hub.tick(1_000 + graceMs);
    expect(first.log.slice(3)).toEqual(["peer-left 2 lost"]);
    expect(hub.deadline()).toBeUndefined();
  });

  test("away at once, lost when a longer grace is over, of one that fell silent", () => {
    const hub = createHub();
    const first = join(hub, ada);
    lose(hub, join(hub, bob), 1_000, "silent");
    expect(first.log.slice(2)).toEqual(["peer-away 2"]);
    const other = join(hub, { peer: 3, box: 1, n: 0 });
    lose(hub, other, 1_000);
    expect(hub.deadline()).toBe(1_000 + graceMs);
    hub.tick(1_000 + graceMs);
    expect(first.log.at(-1)).toBe("peer-left 3 lost");
    expect(hub.deadline()).toBe(1_000 + silentGraceMs);
    hub.tick(1_000 + silentGraceMs - 1);
    expect(first.log.at(-1)).toBe("peer-left 3 lost");
    hub.tick(1_000 + silentGraceMs);
    expect(first.log.at(-1)).toBe("peer-left 2 lost");
    expect(hub.deadline()).toBeUndefined();
  });

  test("nobody of the return of one that fell silent", () => {
    const hub = createHub();
    const first = join(hub, ada);
    lose(hub, join(hub, bob), 0, "silent");
    join(hub, bob);
    hub.tick(silentGraceMs);
    expect(first.log.slice(2)).toEqual(["peer-away 2"]);
    expect(hub.deadline()).toBeUndefined();
  });

  test("of a peer that is away to whoever joins meanwhile", () => {
    const hub = createHub();
    lose(hub, join(hub, ada), 0);
    expect(join(hub, bob).log).toEqual(["joined 1"]);
  });

  test("nobody of a return, unless the card is newer", () => {
    const hub = createHub();
    const first = join(hub, ada);
    lose(hub, join(hub, bob), 0);
    lose(hub, join(hub, bob), 10);
    expect(first.log.slice(2)).toEqual(["peer-away 2", "peer-away 2"]);
    const back = join(hub, { ...bob, n: 3 });
    expect(first.log.at(-1)).toBe("peer-updated 2 n3");
    expect(back.log).toEqual(["joined 1"]);
    hub.tick(10_000);
    expect(first.room.size).toBe(1);
  });

  test("the others that a peer has started again, and the earlier connection that it was replaced", () => {
    const hub = createHub();
    const first = join(hub, ada);
    const earlier = join(hub, bob);
    const later = join(hub, { ...bob, box: 2 });
    expect(first.log.slice(2)).toEqual(["peer-left 2 replaced", "peer-joined 2"]);
    expect(earlier.log.at(-1)).toBe("replaced");
    expect(later.log).toEqual(["joined 1"]);
  });

  test("the earlier connection of the same join that it was replaced, and the others nothing", () => {
    const hub = createHub();
    const first = join(hub, ada);
    const earlier = join(hub, bob);
    join(hub, bob);
    expect(earlier.log.at(-1)).toBe("replaced");
    expect(first.log).toEqual(["joined 0", "peer-joined 2"]);
  });
});

describe("a hub", () => {
  test("isn't moved by a connection whose place another has taken", () => {
    const hub = createHub();
    const first = join(hub, ada);
    const earlier = join(hub, bob);
    join(hub, bob);
    const heard = first.log.length;
    lose(hub, earlier, 0);
    hub.leave(earlier.place as Place<Listener>, earlier);
    expect(hub.announce(earlier.place as Place<Listener>, earlier, ...announcement({ ...bob, n: 9 }))).toBe(
      "another-peer",
    );
    expect(first.log.length).toBe(heard);
    expect(hub.deadline()).toBeUndefined();
  });

  test("takes newer cards of the same join alone", () => {
    const hub = createHub();
    const first = join(hub, ada);
    const second = join(hub, bob);
    const place = second.place as Place<Listener>;
    expect(hub.announce(place, second, ...announcement({ ...bob, n: 2 }))).toBe("announced");
    expect(hub.announce(place, second, ...announcement({ ...bob, n: 2 }))).toBe("stale");
    expect(hub.announce(place, second, ...announcement({ ...bob, n: 1 }))).toBe("stale");
    expect(hub.announce(place, second, ...announcement({ ...bob, box: 2, n: 3 }))).toBe("another-peer");
    expect(hub.announce(place, second, ...announcement({ ...ada, n: 3 }))).toBe("another-peer");
    expect(first.log.slice(2)).toEqual(["peer-updated 2 n2"]);
  });

  test("has room for so many, and says what is full", () => {
    const hub = createHub();
    for (const peer of [1, 2, 3, 4]) expect(join(hub, { peer, box: 1, n: 0 }).place).toBeDefined();
    expect(
      hub.join({ connection: new Listener(), room: "lab", ice: [], ...cardOf({ peer: 5, box: 1, n: 0 }) }),
    ).toEqual({
      joined: false,
      full: "room",
    });
    // Someone who is there already may start again.
    expect(join(hub, { peer: 4, box: 2, n: 0 }).place).toBeDefined();
    join(hub, ada, "hall");
    join(hub, bob, "hall");
    expect(hub.join({ connection: new Listener(), room: "attic", ice: [], ...cardOf(ada) })).toEqual({
      joined: false,
      full: "server",
    });
    expect([hub.rooms, hub.peers]).toEqual([2, 6]);
  });

  test("cuts a long list into packets of bounded size", () => {
    const hub = createHub({ peersPerRoom: 100, peers: 100 });
    for (let peer = 1; peer <= 50; peer++) {
      const { card } = cardOf({ peer, box: 1, n: 0 });
      const b = new Uint8Array(2_000);
      b.set([peer, 1, 0]);
      hub.join({ connection: new Listener(), room: "lab", ice: [], card, signed: { b, s: new Uint8Array(64) } });
    }
    const last = join(hub, { peer: 51, box: 1, n: 0 });
    expect(last.room.size).toBe(50);
    expect(last.log).toEqual(["peers 15", "peers 15", "peers 15", "joined 5"]);
  });
});

describe("a forward", () => {
  const packetTo = (peer: number) => Uint8Array.from([2, ...new Uint8Array(32).fill(peer), 7, 7, 7]);
  const keyOf = (peer: number) => String.fromCharCode(...new Uint8Array(32).fill(peer));

  test("arrives with the source's key, in the same buffer, and nothing else of it is touched", () => {
    const hub = createHub();
    const first = join(hub, ada);
    const second = join(hub, bob);
    const packet = packetTo(2);
    expect(hub.forward(first.place as Place<Listener>, keyOf(2), "signal", packet)).toBe("passed");
    expect(second.forwards[0]).toBe(packet);
    expect(packet).toEqual(packetTo(1));
  });

  test("goes nowhere where the target is away, has left, or is in another room", () => {
    const hub = createHub();
    const place = join(hub, ada).place as Place<Listener>;
    join(hub, bob, "hall");
    const third = join(hub, { peer: 3, box: 1, n: 0 });
    lose(hub, third, 0);
    expect(hub.forward(place, keyOf(2), "signal", packetTo(2))).toBe("gone");
    expect(hub.forward(place, keyOf(3), "signal", packetTo(3))).toBe("gone");
    hub.tick(graceMs);
    expect(hub.forward(place, keyOf(3), "signal", packetTo(3))).toBe("gone");
  });

  test("is dropped, unaltered, where too much waits already", () => {
    const hub = createHub();
    const place = join(hub, ada).place as Place<Listener>;
    const second = join(hub, bob);
    second.bufferedBytes = 1_001;
    const packet = packetTo(2);
    expect(hub.forward(place, keyOf(2), "signal", packet)).toBe("busy");
    expect(packet).toEqual(packetTo(2));
    second.bufferedBytes = 1_000;
    expect(hub.forward(place, keyOf(2), "signal", packet)).toBe("passed");
  });

  test("of the relay class leaves half of the room to signals", () => {
    const hub = createHub();
    const place = join(hub, ada).place as Place<Listener>;
    const second = join(hub, bob);
    second.bufferedBytes = 500;
    expect(hub.forward(place, keyOf(2), "relay", packetTo(2))).toBe("passed");
    second.bufferedBytes = 501;
    expect(hub.forward(place, keyOf(2), "relay", packetTo(2))).toBe("busy");
    expect(hub.forward(place, keyOf(2), "signal", packetTo(2))).toBe("passed");
  });
});

function announcement(seen: Seen): [Card, SignedCard] {
  const { card, signed } = cardOf(seen);
  return [card, signed];
}

type Move =
  | { readonly type: "join"; readonly peer: number; readonly box: number; readonly n: number; readonly room: string }
  | { readonly type: "lose" | "leave"; readonly who: number }
  | { readonly type: "announce"; readonly who: number; readonly n: number }
  | { readonly type: "tick"; readonly afterMs: number };

const who = fc.nat(20);
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    type: fc.constant("join" as const),
    peer: fc.integer({ min: 1, max: 4 }),
    box: fc.integer({ min: 1, max: 2 }),
    n: fc.nat(5),
    room: fc.constantFrom("lab", "hall"),
  }),
  fc.record({ type: fc.constantFrom("lose" as const, "leave" as const), who }),
  fc.record({ type: fc.constant("announce" as const), who, n: fc.nat(9) }),
  fc.record({ type: fc.constant("tick" as const), afterMs: fc.nat(150) }),
);

/** Who is where, kept in the simplest way there is. */
interface Kept extends Seen {
  readonly room: string;
  readonly listener: Listener | undefined;
  readonly untilMs: number;
}

describe("whatever happens in whatever order", () => {
  test("what each client was told is who is there", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const hub = createHub({ peersPerRoom: 10, peers: 20 });
        const listeners: Listener[] = [];
        let kept: Kept[] = [];
        let nowMs = 0;
        for (const step of moves) {
          kept = play(hub, listeners, kept, step, nowMs);
          if (step.type === "tick") nowMs += step.afterMs;
          agree(hub, listeners, kept);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function play(hub: Hub<Listener>, listeners: Listener[], kept: readonly Kept[], step: Move, nowMs: number): Kept[] {
  switch (step.type) {
    case "join": {
      const before = kept.find(({ peer, room }) => peer === step.peer && room === step.room);
      const listener = join(hub, step, step.room);
      listeners.push(listener);
      const n = before?.box === step.box ? Math.max(before.n, step.n) : step.n;
      const { peer, box, room } = step;
      return [...kept.filter((other) => other !== before), { peer, box, room, n, listener, untilMs: 0 }];
    }
    case "lose": {
      const listener = listeners[step.who];
      if (listener !== undefined) lose(hub, listener, nowMs);
      return kept.map((one) =>
        one.listener === listener && listener !== undefined
          ? { ...one, listener: undefined, untilMs: nowMs + graceMs }
          : one,
      );
    }
    case "leave": {
      const listener = listeners[step.who];
      if (listener !== undefined) hub.leave(listener.place as Place<Listener>, listener);
      return kept.filter((one) => listener === undefined || one.listener !== listener);
    }
    case "announce": {
      const listener = listeners[step.who];
      const own = kept.find((one) => one.listener !== undefined && one.listener === listener);
      if (listener === undefined || own === undefined) return [...kept];
      const outcome = hub.announce(listener.place as Place<Listener>, listener, ...announcement({ ...own, n: step.n }));
      expect(outcome).toBe(step.n > own.n ? "announced" : "stale");
      return kept.map((one) => (one === own ? { ...own, n: Math.max(own.n, step.n) } : one));
    }
    case "tick":
      hub.tick(nowMs + step.afterMs);
      return kept.filter((one) => one.listener !== undefined || one.untilMs > nowMs + step.afterMs);
  }
}

function agree(hub: Hub<Listener>, listeners: readonly Listener[], kept: readonly Kept[]): void {
  expect(hub.peers).toBe(kept.length);
  expect(hub.rooms).toBe(new Set(kept.map(({ room }) => room)).size);
  const deadlines = kept.filter(({ listener }) => listener === undefined).map(({ untilMs }) => untilMs);
  expect(hub.deadline()).toBe(deadlines.length === 0 ? undefined : Math.min(...deadlines));
  for (const listener of listeners) {
    const own = kept.find((one) => one.listener === listener);
    if (own === undefined) continue;
    expect(listener.isReplaced).toBe(false);
    const others = kept.filter(({ room, peer }) => room === own.room && peer !== own.peer);
    const told = [...listener.room.values()].sort((a, b) => a.peer - b.peer);
    expect(told).toEqual(others.map(({ peer, box, n }) => ({ peer, box, n })).sort((a, b) => a.peer - b.peer));
  }
}
