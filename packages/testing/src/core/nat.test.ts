import { describe, expect, it } from "vitest";
import { isPunchable, Nat, type NatKind } from "./nat.js";

const inner = { address: "192.168.0.1", port: 5_000 };
const [one, other] = [
  { address: "203.0.113.1", port: 1 },
  { address: "203.0.113.2", port: 2 },
];

describe("a NAT", () => {
  it("maps an endpoint to one port for all, but where it is symmetric", () => {
    for (const [kind, isSame] of [
      ["full-cone", true],
      ["restricted", true],
      ["symmetric", false],
    ] as const) {
      const nat = new Nat(kind, "198.51.100.1");
      expect(nat.outbound(inner, one)?.port === nat.outbound(inner, other)?.port).toBe(isSame);
      expect(nat.outbound(inner, one)).toEqual(nat.outbound(inner, one));
    }
  });

  it("lets strangers in where it is a full cone, and else those alone that were sent something, from that very port", () => {
    for (const [kind, strangersGetIn] of [
      ["full-cone", true],
      ["restricted", false],
      ["symmetric", false],
    ] as const) {
      const nat = new Nat(kind, "198.51.100.1");
      const port = nat.outbound(inner, one)?.port ?? 0;
      expect(nat.inbound(one, port)).toEqual(inner);
      expect(nat.inbound(other, port)).toEqual(strangersGetIn ? inner : undefined);
      expect(nat.inbound({ ...one, port: 9 }, port)).toEqual(strangersGetIn ? inner : undefined);
      expect(nat.inbound(one, port + 1)).toBeUndefined();
    }
  });

  it("lets no UDP out where it is blocked", () => {
    expect(new Nat("udp-blocked", "198.51.100.1").outbound(inner, one)).toBeUndefined();
  });

  it("can be punched through but for symmetric ones behind each other or behind a restricted one", () => {
    const kinds: NatKind[] = ["none", "full-cone", "restricted", "symmetric", "udp-blocked"];
    const not = kinds.flatMap((a) => kinds.filter((b) => a <= b && !isPunchable(a, b)).map((b) => `${a} ${b}`));
    expect(not.filter((pair) => !pair.includes("udp-blocked"))).toEqual([
      "restricted symmetric",
      "symmetric symmetric",
    ]);
    for (const kind of kinds) expect(isPunchable(kind, "udp-blocked")).toBe(false);
  });
});
