import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readIceUrl } from "./ice-url.js";

describe("an ICE server's address", () => {
  it.each([
    ["stun:stun.example.org", { scheme: "stun", host: "stun.example.org", port: undefined, transport: undefined }],
    ["stuns:192.0.2.1:5349", { scheme: "stuns", host: "192.0.2.1", port: 5349, transport: undefined }],
    ["turn:x:3478?transport=udp", { scheme: "turn", host: "x", port: 3478, transport: "udp" }],
    ["turns:[2001:db8::1]:443?transport=tcp", { scheme: "turns", host: "2001:db8::1", port: 443, transport: "tcp" }],
  ])("%s is read", (text, url) => {
    expect(readIceUrl(text)).toEqual(url);
  });

  it.each([
    "",
    "turn",
    "turn:",
    "http://example.org",
    "turn://example.org",
    "TURN:example.org",
    "turn:example.org:0",
    "turn:example.org:65536",
    "turn:example.org:port",
    "turn:user:pass@example.org",
    "turn:example.org?transport=sctp",
    "turn:example.org?transport=TCP",
    "stun:example.org?transport=udp",
    "turn:example.org?transport=udp&x=1",
    "turn:example.org/path",
    "turn:example.org#x",
    "turn:[::1",
    "turn:exa mple.org",
    "turn:example.org\n",
    "javascript:alert(1)",
  ])("%j is none", (text) => {
    expect(readIceUrl(text)).toBeUndefined();
  });

  it("is never read from whatever else, and never throws", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const url = readIceUrl(`turn:${text}`);
        if (url !== undefined) expect(text).toMatch(/^[[\]\w.:?=-]+$/);
      }),
    );
  });
});
