import { describe, expect, test } from "vitest";
import { Held } from "./held.js";

describe("what is held", () => {
  test("keeps its order", () => {
    const held = new Held<Uint8Array>();
    const packets = [Uint8Array.of(1), Uint8Array.of(2), new Uint8Array(0)];
    expect(packets.map((packet) => held.add(packet))).toEqual([true, true, true]);
    expect(held.packets).toEqual(packets);
  });

  test("is bounded in number", () => {
    const held = new Held<Uint8Array>();
    for (let i = 0; i < 4_096; i++) expect(held.add(new Uint8Array(0))).toBe(true);
    expect(held.add(new Uint8Array(0))).toBe(false);
    expect(held.packets).toHaveLength(4_096);
  });

  test("is bounded in bytes", () => {
    const held = new Held<Uint8Array>();
    const packet = new Uint8Array(128 * 1024);
    expect([held.add(packet), held.add(packet), held.add(Uint8Array.of(1))]).toEqual([true, true, false]);
  });
});
