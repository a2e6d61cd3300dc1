import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const page = new URL("../../../docs/threat-model.md", import.meta.url);
const shown = [...readFileSync(page, "utf8").matchAll(/\[`[^`]+`\]\(([^)]+)\)\s"([^"]+)"/g)];

test("the threat model names its tests", () => {
  expect(shown.length).toBeGreaterThan(35);
});

test.each(shown.map(([, file = "", name = ""]) => [name, file]))("“%s” is in %s", (name, file) => {
  const text = readFileSync(new URL(file, page), "utf8");
  expect(text).toContain(`"${name}"`);
});
