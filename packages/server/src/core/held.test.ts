import { describe, expect, test } from "vitest";
import { Held } from "./held.js";

function drain(held: Held<Uint8Array>): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let next = held.shift(); next !== undefined; next = held.shift()) packets.push(next);
  return packets;
}

describe("what is held", () => {
  test("keeps its order", () => {
    const held = new Held<Uint8Array>();
    const packets = [Uint8Array.of(1), Uint8Array.of(2), new Uint8Array(0)];
    expect(packets.map((packet) => held.add(packet))).toEqual([true, true, true]);
    expect(drain(held)).toEqual(packets);
  });

  test("gives what is put back again, first of all", () => {
    const held = new Held<Uint8Array>();
    for (const number of [1, 2, 3]) held.add(Uint8Array.of(number));
    held.putBack(held.shift() as Uint8Array);
    expect(drain(held)).toEqual([1, 2, 3].map((number) => Uint8Array.of(number)));
    expect(held.shift()).toBeUndefined();
  });

  test("has room again for what was taken out", () => {
    const held = new Held<Uint8Array>();
    const packet = new Uint8Array(128 * 1024);
    for (let i = 0; i < 10; i++) {
      expect([held.add(packet), held.add(packet), held.add(packet)]).toEqual([true, true, false]);
      expect(drain(held)).toHaveLength(2);
    }
  });

  test("is bounded in number", () => {
    const held = new Held<Uint8Array>();
    for (let i = 0; i < 4_096; i++) expect(held.add(new Uint8Array(0))).toBe(true);
    expect(held.add(new Uint8Array(0))).toBe(false);
    expect(drain(held)).toHaveLength(4_096);
  });

  test("is bounded in bytes", () => {
    const held = new Held<Uint8Array>();
    const packet = new Uint8Array(128 * 1024);
    expect([held.add(packet), held.add(packet), held.add(Uint8Array.of(1))]).toEqual([true, true, false]);
  });
});
