import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

// What is to go says when, and in whose place something else is: `@deprecated Since 0.3, gone in 1.0: use {@link other}.`

const form = /^Since (\d+)\.(\d+), gone in (\d+)\.(\d+): \S/;

/** What is wrong with the deprecations of a text, where the next release is of this version. */
function faultsOf(text: string, version: string): string[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return [...text.matchAll(/@deprecated\b[ \t]*(.*)/g)].flatMap(([, said = ""]) => {
    const found = form.exec(said);
    if (found === null) return [`"@deprecated ${said}" doesn't read "Since 0.3, gone in 1.0: use …"`];
    const [sinceMajor = 0, sinceMinor = 0, goneMajor = 0, goneMinor = 0] = found.slice(1).map(Number);
    if (goneMajor === sinceMajor && goneMinor < sinceMinor + 2) return [`"${said}" gives less than two minors' time`];
    const isDue = major > goneMajor || (major === goneMajor && minor >= goneMinor);
    return isDue ? [`what was to be gone in ${goneMajor}.${goneMinor} is still here`] : [];
  });
}

describe("a deprecation", () => {
  it.each(["/** @deprecated Since 0.3, gone in 1.0: use {@link other}. */", "/** Nothing of the kind. */"])(
    "that says until when, is one: %s",
    (text) => {
      expect(faultsOf(text, "0.9.0")).toEqual([]);
    },
  );

  it.each([
    "/** @deprecated */",
    "/** @deprecated Use other. */",
    "/** @deprecated Since 0.3: use other. */",
    "/** @deprecated Since 0.3, gone in 0.4: use other. */",
  ])("that doesn't, isn't: %s", (text) => {
    expect(faultsOf(text, "0.9.0")).toHaveLength(1);
  });

  it("isn't there any more when its time has come", () => {
    expect(faultsOf("@deprecated Since 0.3, gone in 0.5: use other.", "0.5.0")).toHaveLength(1);
  });
});

describe.each(readdirSync("packages"))("the sources of %s", (name) => {
  it("say of all that is deprecated until when, and have none that is due", () => {
    const folder = join("packages", name);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const sources = readdirSync(join(folder, "src"), { recursive: true, encoding: "utf8" });
    const texts = sources
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => [file, join(folder, "src", file)] as const);
    const faults = texts.flatMap(([file, path]) =>
      faultsOf(readFileSync(path, "utf8"), version).map((fault) => `${file}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });
});
