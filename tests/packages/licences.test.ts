import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { isAllowed, type Licensed, licenceOf } from "./support/licences.ts";

// What npm installed for all packages together: all that anyone gets who installs any of them.
const installed = inject("installed");
const readJson = (path: string) => JSON.parse(readFileSync(join(installed, path), "utf8"));
const folders = Object.keys(readJson("node_modules/.package-lock.json").packages);
const manifests = folders.map((folder): Licensed => readJson(join(folder, "package.json")));

describe("everyone who installs us gets", () => {
  it("licences that we know and allow, and no others", () => {
    expect(manifests.length).toBeGreaterThan(50);
    const others = manifests.filter((manifest) => !isAllowed(manifest));
    expect(others.map((manifest) => `${manifest.name}: ${licenceOf(manifest)}`)).toEqual([]);
  });
});

describe("a licence", () => {
  it.each(["MIT", "(MIT OR GPL-3.0-only)", "Apache-2.0 AND MIT", "Unlicense"])("%s is allowed", (license) => {
    expect(isAllowed({ name: "it", license })).toBe(true);
  });

  it.each(["GPL-3.0-only", "AGPL-3.0", "MIT AND GPL-2.0", "SEE LICENSE IN LICENSE", "", undefined])(
    "%s isn't",
    (license) => {
      expect(isAllowed({ name: "it", license })).toBe(false);
    },
  );

  it("of the kind that concerns its own files alone is allowed where it is named", () => {
    expect(isAllowed({ name: "node-datachannel", license: "MPL 2.0" })).toBe(true);
    expect(isAllowed({ name: "it", license: "MPL-2.0" })).toBe(false);
  });
});
