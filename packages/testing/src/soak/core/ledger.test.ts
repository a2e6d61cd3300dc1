import { describe, expect, it } from "vitest";
import { Ledger } from "./ledger.js";

function sent(count: number, lane = "default") {
  const ledger = new Ledger();
  const stamps = Array.from({ length: count }, () => ledger.stamp("ann#1", "bob", 1, lane));
  const arrive = (number: number, receiver = "bob#1") =>
    ledger.arrive(receiver, "bob", { ...(stamps[0] as (typeof stamps)[0]), number });
  return { ledger, stamps, arrive };
}

describe("a ledger", () => {
  it("is content where all arrive once, in order", () => {
    const { ledger, arrive } = sent(3);
    expect([0, 1, 2].map((number) => arrive(number))).toEqual([undefined, undefined, undefined]);
    expect(ledger.settle("ann#1", "bob", 1)).toBeUndefined();
  });

  it("finds repeats, gaps, and what was never sent", () => {
    const { arrive } = sent(4);
    expect(arrive(1)).toContain("arrived without 0");
    expect(arrive(0)).toBeUndefined();
    expect(arrive(0)).toContain("arrived after 0");
    expect(arrive(9)).toContain("was never sent");
  });

  it("doesn't miss what the sender knows wasn't sent, and lets lossy ones be lost", () => {
    const { ledger, stamps, arrive } = sent(3);
    ledger.refuse("bob", stamps[0] as (typeof stamps)[0]);
    expect(arrive(1)).toBeUndefined();
    const lossy = sent(3, "lossy");
    expect([lossy.arrive(2), lossy.arrive(1)]).toEqual([undefined, expect.stringContaining("arrived after 2")]);
  });

  it("finds a stretch that goes on at another run of the receiver", () => {
    const { arrive } = sent(2);
    arrive(0);
    expect(arrive(1, "bob#2")).toContain("the first of it went to bob#1");
  });

  it("holds what never arrived against what the sender was told", () => {
    const { ledger, arrive } = sent(3);
    arrive(0);
    expect(ledger.end("ann#1", "bob", 1, 2)).toBeUndefined();
    expect(ledger.end("ann#1", "bob", 1, 1)).toContain("2 never arrived");
    expect(ledger.settle("ann#1", "bob", 1)).toContain("2 messages from ann#1");
  });
});
