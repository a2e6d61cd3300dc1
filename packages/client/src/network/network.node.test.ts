import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AddressWatch, addressesOf, type Interfaces } from "./network.node.js";

const computer = (addresses: Record<string, string[]>): Interfaces =>
  Object.fromEntries(
    Object.entries(addresses).map(([name, list]) => [
      name,
      list.map((address) => ({ address, internal: name === "lo" })),
    ]),
  );

describe("the addresses of a computer", () => {
  it("are those that lead outside, in any order", () => {
    const one = addressesOf(computer({ lo: ["127.0.0.1"], eth0: ["192.0.2.1", "192.0.2.2"], eth1: ["198.51.100.1"] }));
    expect(addressesOf(computer({ eth1: ["198.51.100.1"], eth0: ["192.0.2.2", "192.0.2.1"] }))).toBe(one);
    for (const other of [{ eth0: ["192.0.2.1"] }, { eth1: ["192.0.2.1", "192.0.2.2", "198.51.100.1"] }, {}]) {
      expect(addressesOf(computer(other))).not.toBe(one);
    }
    expect(addressesOf({ odd: undefined })).toBe("");
  });
});

describe("Node's network", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("changes within a second of its addresses, once, and its reason holds none of them", () => {
    const told: string[] = [];
    let interfaces = computer({ eth0: ["192.0.2.1"] });
    const watch = new AddressWatch(() => interfaces);
    const stop = watch.watch((reason) => told.push(reason));
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
    interfaces = computer({ eth0: ["192.0.2.7"] });
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual(["this computer's addresses have changed"]);
    stop();
    interfaces = computer({});
    vi.advanceTimersByTime(10_000);
    expect(told).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is looked at once for all who watch, for as long as anyone does", () => {
    let looks = 0;
    let interfaces = computer({ eth0: ["192.0.2.1"] });
    const watch = new AddressWatch(() => {
      looks++;
      return interfaces;
    });
    const told: string[] = [];
    const stops = ["a", "b", "c"].map((name) => watch.watch(() => told.push(name)));
    vi.advanceTimersByTime(10_000);
    expect(looks).toBe(11);
    stops[1]?.();
    interfaces = computer({ eth0: ["192.0.2.7"] });
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual(["a", "c"]);
    for (const stop of stops) stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is looked at anew by who watches after nobody did: what changed in between is no news", () => {
    let interfaces = computer({ eth0: ["192.0.2.1"] });
    const watch = new AddressWatch(() => interfaces);
    watch.watch(() => {})();
    interfaces = computer({ eth0: ["192.0.2.7"] });
    const told: string[] = [];
    const stop = watch.watch((reason) => told.push(reason));
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
    stop();
  });
});
