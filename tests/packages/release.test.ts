import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);
const scripts = new URL("../../scripts/", import.meta.url);
const plan = await import(new URL("release/plan.mjs", scripts).href);

it("the next release can be made: npm run release -- --dry-run", async () => {
  const script = new URL("release.mjs", scripts).pathname;
  // What a developer is at, doesn't matter to a rehearsal of what is committed.
  const { stdout } = await run(process.execPath, [script, "--dry-run", "--allow-dirty"]);
  // Right after a release there is nothing new.
  if (/^Nothing to release after \d/.test(stdout)) return;
  expect(stdout).toMatch(/^Would release \d+\.\d+\.\d+, after /);
  expect(stdout.indexOf("@skein/protocol ")).toBeLessThan(stdout.indexOf("@skein/client "));
  expect(stdout).toContain("Nothing was changed, and nothing published.");
});

describe("a release", () => {
  it("is made of what is committed", () => {
    expect(plan.treeObstacle("")).toBeUndefined();
    expect(plan.treeObstacle(" M README.md\n?? x\n")).toBe(
      "A release is made of what is committed, and this isn't: README.md. Commit it or put it aside.",
    );
  });

  it("has one version", () => {
    expect(plan.sharedVersion([{ version: "0.2.0" }, { version: "0.2.0" }])).toBe("0.2.0");
    expect(() => plan.sharedVersion([{ version: "0.2.0" }, { version: "0.1.0" }])).toThrow("0.2.0, 0.1.0");
  });

  it("is published from what depends on nothing upwards", () => {
    const a = { name: "a", dependencies: { b: "1" } };
    const b = { name: "b", dependencies: { c: "1", other: "1" } };
    const c = { name: "c" };
    expect(plan.publishingOrder([a, b, c])).toEqual([c, b, a]);
  });

  it("holds what it should, and asks for its own version of the others", () => {
    const files = ["LICENSE", "README.md", "package.json", "dist/esm/index.js"];
    const manifest = { name: "@skein/a", version: "0.2.0", dependencies: { "@skein/b": "0.2.0", mitt: "3.0.1" } };
    expect(plan.packingFaults(manifest, files, "0.2.0")).toEqual([]);
    expect(plan.packingFaults(manifest, ["README.md", "package.json"], "0.3.0")).toEqual([
      "@skein/a is packed as 0.2.0, not as 0.3.0.",
      "@skein/a has no LICENSE.",
      "@skein/a isn't built.",
      "@skein/a asks for @skein/b 0.2.0, and it will be 0.3.0.",
    ]);
  });

  it("is kept to hold later ones against it where it is a minor", () => {
    expect(["0.1.0", "1.0.0", "0.1.1"].map(plan.isFrozen)).toEqual([true, true, false]);
  });
});
