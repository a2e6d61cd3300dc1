import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVersions, settleProtocol, versionsOf } from "./settlement.js";

const part = fc.nat(12).map(String);
const version = fc
  .tuple(part, fc.option(part, { nil: undefined }), fc.option(part, { nil: undefined }))
  .map((parts) => parts.filter((some) => some !== undefined).join("."));
const anyVersion = fc.oneof(
  version,
  fc.constantFrom("1.0", "1.0.0", "01", "1"),
  fc.string({ minLength: 1, maxLength: 8 }),
);

describe("compareVersions", () => {
  it("goes by numbers, not by letters", () => {
    const ordered = ["0.9", "1", "1.0", "1.0.0", "1.0.1", "1.2", "1.2.9", "1.2.10", "1.10.0", "2", "10"];
    expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
  });

  it("is a total order, also over what no version is", () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
        expect(compareVersions(a, b) === 0).toBe(a === b);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("settleProtocol", () => {
  it("takes the highest version that both list", () => {
    const ours = { chat: ["1.0.0", "1.10.0", "1.9.0"] };
    expect(settleProtocol("chat", ours, { chat: ["1.9.0", "1.10.0", "2.0.0"] })).toEqual({
      settled: true,
      version: "1.10.0",
    });
  });

  it("tells both sides' versions where there is none in common", () => {
    expect(settleProtocol("chat", { chat: ["2"] }, { chat: ["1"] })).toEqual({
      settled: false,
      ours: ["2"],
      theirs: ["1"],
    });
    expect(settleProtocol("chat", { chat: ["2"] }, {})).toEqual({ settled: false, ours: ["2"], theirs: [] });
  });

  it("gives both sides the same, in whatever order they list", () => {
    const list = fc.array(anyVersion, { maxLength: 6 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        const here = settleProtocol("chat", { chat: a }, { chat: b });
        const there = settleProtocol("chat", { chat: b }, { chat: a });
        expect(here.settled && here.version).toBe(there.settled && there.version);
      }),
      { numRuns: 1000 },
    );
    expect(settleProtocol("chat", { chat: ["1.0", "1.0.0"] }, { chat: ["1.0.0", "1.0"] })).toEqual({
      settled: true,
      version: "1.0.0",
    });
  });

  it("finds nothing in what objects inherit", () => {
    for (const name of ["constructor", "toString", "__proto__"]) {
      expect(settleProtocol(name, {}, {})).toEqual({ settled: false, ours: [], theirs: [] });
    }
  });
});

describe("versionsOf", () => {
  it("gathers the versions of each name, once each", () => {
    const heads = [
      { name: "chat", versions: ["1", "2"] },
      { name: "files", versions: ["1"] },
      { name: "chat", versions: ["2", "3"] },
    ];
    expect(versionsOf(heads)).toEqual({ chat: ["1", "2", "3"], files: ["1"] });
  });

  it("takes names that objects inherit", () => {
    const versions = versionsOf([
      { name: "toString", versions: ["1"] },
      { name: "constructor", versions: ["1"] },
    ]);
    expect(Object.entries(versions)).toEqual([
      ["toString", ["1"]],
      ["constructor", ["1"]],
    ]);
  });
});
