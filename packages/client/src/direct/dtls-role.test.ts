import { describe, expect, it } from "vitest";
import { offerFor, oppositeRole, roleOf } from "./dtls-role.js";

const sdp = (setup: string) => `v=0\r\na=ice-ufrag:x\r\na=setup:${setup}\r\na=mid:0\r\n`;

describe("a DTLS role", () => {
  it.each([
    ["active", "active"],
    ["passive", "passive"],
    ["actpass", undefined],
    ["holdconn", undefined],
  ])("of an answer that says %s is %s", (setup, role) => {
    expect(roleOf(sdp(setup))).toBe(role);
  });

  it("of an answer that says nothing is unknown", () => {
    expect(roleOf("v=0\r\nx a=setup:active\r\n")).toBeUndefined();
  });

  it("has an opposite where it is known", () => {
    expect([oppositeRole("active"), oppositeRole("passive"), oppositeRole(undefined)]).toEqual([
      "passive",
      "active",
      undefined,
    ]);
  });

  it("is the only one that an offer leaves whoever has it", () => {
    expect(offerFor("active", sdp("actpass"))).toBe(sdp("passive"));
    expect(offerFor("passive", sdp("actpass"))).toBe(sdp("active"));
    expect(offerFor(undefined, sdp("actpass"))).toBe(sdp("actpass"));
  });
});
