import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inRoomOrder } from "./room-order.js";

const orderOf = (room: string, places: readonly string[]) => inRoomOrder(room, places, (place) => place);
const anyRoom = fc.string({ unit: "binary", minLength: 1, maxLength: 128 });
const anyPlaces = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 16 });
const rooms = Array.from({ length: 1_000 }, (_, number) => `room ${number}`);
const servers = ["a.example/skein", "b.example/skein", "c.example/skein", "d.example/skein"];

/** Pearson's chi-square of so many that should all be the same. */
function unevenness(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

describe("the servers of a room", () => {
  it("are all of them, in one order, whatever order they are known in", () => {
    const listsOfOne = anyPlaces.chain((places) =>
      fc.tuple(fc.constant(places), fc.shuffledSubarray(places, { minLength: places.length })),
    );
    fc.assert(
      fc.property(anyRoom, listsOfOne, (room, [places, shuffled]) => {
        const order = orderOf(room, places);
        expect([...order].sort()).toEqual([...places].sort());
        expect(orderOf(room, shuffled)).toEqual(order);
      }),
    );
  });

  it("stay in their order where one comes or goes: only rooms whose first it is move, and to their second", () => {
    fc.assert(
      fc.property(anyRoom, anyPlaces, fc.nat(), (room, places, which) => {
        const gone = places[which % places.length];
        const others = places.filter((place) => place !== gone);
        expect(orderOf(room, others)).toEqual(orderOf(room, places).filter((place) => place !== gone));
      }),
    );
  });

  it("stay as they came where several are at one place", () => {
    const places = ["x", "y", "x", "x"];
    const order = inRoomOrder("lab", [0, 1, 2, 3], (server) => places[server] as string);
    expect(order.filter((server) => server !== 1)).toEqual([0, 2, 3]);
  });

  it("are taken evenly, the second and third of a room as well: each order is as likely as any other", () => {
    const counts = countsOf(rooms.map((room) => orderOf(room, servers).join(" ")));
    expect(counts.size).toBe(24);
    // Of 23 degrees of freedom, one in a thousand is above.
    expect(unevenness([...counts.values()])).toBeLessThan(49.7);
  });

  it("are taken evenly where names and addresses differ by little, or share what stands between them", () => {
    const numbered = Array.from({ length: 10 }, (_, number) => `10.0.0.${number}:7700/skein`);
    const similar = rooms.map((_, number) => "x".repeat(1 + (number % 100)) + String.fromCharCode(65 + number / 100));
    for (const some of [rooms, similar]) {
      const counts = countsOf(some.map((room) => orderOf(room, numbered)[0] as string));
      expect(counts.size).toBe(10);
      // Of 9 degrees of freedom, one in a thousand is above.
      expect(unevenness([...counts.values()])).toBeLessThan(27.9);
    }
  });

  it("leave a newcomer its share of the rooms, and take no other along", () => {
    const moved = rooms.filter((room) => orderOf(room, servers)[0] !== orderOf(room, servers.slice(0, 3))[0]);
    expect(moved.every((room) => orderOf(room, servers)[0] === servers[3])).toBe(true);
    // A quarter of a thousand, and three times its deviation.
    expect(Math.abs(moved.length - 250)).toBeLessThan(42);
  });
});
