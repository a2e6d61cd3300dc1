import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeClaims, type TokenClaims } from "./claims.js";

const asked = { room: "lab-1", peer: "ada" };
const wallMs = 1_000_000;
const exp = 1_060;
const judge = (claims: TokenClaims) => judgeClaims({ rooms: ["lab-*"], exp, ...claims }, asked, wallMs);

describe("a token's claims", () => {
  test("let in for as long as they last", () => {
    expect(judge({})).toEqual({ ok: true, mayRelay: true, expiresInMs: 60_000, subject: undefined });
  });

  test.each<[string, TokenClaims, string]>([
    ["over", { exp: 1_000 }, "expired"],
    ["without an end", { exp: undefined }, "unreadable"],
    ["of a text for an end", { exp: "soon" }, "unreadable"],
    ["of another peer", { peer: "eve" }, "another-peer"],
    ["of a peer that is none", { peer: 7 }, "another-peer"],
    ["of another room", { rooms: ["hall", "laboratory"] }, "another-room"],
    ["of no room", { rooms: [] }, "another-room"],
    ["without rooms", { rooms: undefined }, "another-room"],
    ["of rooms that are no list", { rooms: "lab-1" }, "unreadable"],
    ["of a room that is no text", { rooms: ["lab-*", 1] }, "unreadable"],
    ["without the right to join", { rights: ["relay"] }, "no-join"],
    ["of rights that are no list", { rights: "join" }, "unreadable"],
  ])("%s let nobody in", (_, claims, why) => {
    expect(judge(claims)).toEqual({ ok: false, why });
  });

  test("say who may relay, and for whom they are", () => {
    expect(judge({ rights: ["join"], peer: "ada", sub: "user-7" })).toMatchObject({
      ok: true,
      mayRelay: false,
      subject: "user-7",
    });
    expect(judge({ rights: ["join", "relay", "broadcast", "later"] })).toMatchObject({ mayRelay: true });
  });

  test("never throw, whatever they are", () => {
    fc.assert(fc.property(fc.object(), (claims) => void judgeClaims(claims, asked, wallMs)));
  });
});
