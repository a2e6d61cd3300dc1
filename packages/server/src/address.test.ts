import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { addressOf, limitKeyOf } from "./address.js";

const from = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { "x-forwarded-for": forwarded } }) as unknown as IncomingMessage;

describe("whom limits are shared with", () => {
  test.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["127.0.0.1", undefined],
    ["::ffff:127.3.2.1", undefined],
    ["::1", undefined],
    ["", undefined],
    ["rubbish", undefined],
  ])("%s: %s", (address, key) => {
    expect(limitKeyOf(address)).toBe(key);
  });
});

describe("behind proxies", () => {
  test("without one that is trusted the header is nobody's word", () => {
    expect(addressOf(from("192.0.2.1", "198.51.100.9"), 0)).toBe("192.0.2.1");
  });

  test.each([
    [1, "198.51.100.9"],
    [2, "198.51.100.8"],
    [3, "203.0.113.1"],
    // A proxy too few: what the chain lacks nobody may add.
    [4, "192.0.2.1"],
  ])("with %i, the address is counted from the end", (hops, address) => {
    expect(addressOf(from("192.0.2.1", "203.0.113.1, 198.51.100.8,198.51.100.9"), hops)).toBe(address);
  });

  test.each(["", "unknown", "198.51.100.9, ", "' OR 1=1", "1.2.3.4.5", "[::1", ",,,"])(
    "the last entry as %j is no address: the proxy's own counts",
    (forwarded) => {
      expect(addressOf(from("192.0.2.1", forwarded), 1)).toBe("192.0.2.1");
    },
  );

  test("a port and brackets are no part of it", () => {
    expect(addressOf(from("127.0.0.1", "198.51.100.9:4711"), 1)).toBe("198.51.100.9");
    expect(addressOf(from("127.0.0.1", "[2001:db8::1]:4711"), 1)).toBe("2001:db8:0:0::/64");
  });
});
