import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { iceUrlKind } from "./ice-url.js";

describe("an ICE server's address", () => {
  it.each([
    ["stun:stun.example.org", "stun"],
    ["stuns:192.0.2.1:5349", "stun"],
    ["turn:x:3478?transport=udp", "turn"],
    ["turn:under_score.example:65535", "turn"],
    ["turns:[2001:db8::1]:443?transport=tcp", "turn"],
  ])("%s is one of %s", (text, kind) => {
    expect(iceUrlKind(text)).toBe(kind);
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
    expect(iceUrlKind(text)).toBeUndefined();
  });

  it("is never read from whatever else, and never throws", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (iceUrlKind(`turn:${text}`) !== undefined) expect(text).toMatch(/^[[\]\w.:?=-]+$/);
        expect(iceUrlKind(`x${text}`)).toBeUndefined();
      }),
    );
  });
});
