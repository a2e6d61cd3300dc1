import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { allChecks, anchorOf, checkedSections, checksPage, makeChecksPage } from "../../scripts/make-checks.js";

const folder = new URL("../../../../docs/spec/", import.meta.url);
const read = (page: string) => readFileSync(new URL(page, folder), "utf8");
const pages = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "checks.md");

/** The headings of a page, each with the line below it that isn't empty. */
function headings(page: string): { readonly heading: string; readonly first: string }[] {
  const lines = read(page).split("\n");
  return lines.flatMap((line, index) => {
    const [, heading] = /^#+ (.*)/.exec(line) ?? [];
    const first = lines.slice(index + 1).find((next) => next !== "") ?? "";
    return heading === undefined ? [] : [{ heading, first }];
  });
}

const linkOf = (page: string, heading: string) => `[Checked](checks.md#${anchorOf(page, heading)}).`;

it("the page of checks is what the kit has", () => {
  expect(readFileSync(checksPage, "utf8") === makeChecksPage(), "run `npm run checks`").toBe(true);
});

it("every check names a section that there is", () => {
  for (const { page, heading } of checkedSections()) {
    expect(
      headings(page).map((each) => each.heading),
      `${page}: ${heading}`,
    ).toContain(heading);
  }
});

it("every section that is checked says where, and no other does", () => {
  const checked = new Set(checkedSections().map(({ page, heading }) => `${page}: ${heading}`));
  for (const page of pages) {
    for (const { heading, first } of headings(page)) {
      const link = first.startsWith("[Checked](") ? first : undefined;
      expect(link, `${page}: ${heading}`).toBe(checked.has(`${page}: ${heading}`) ? linkOf(page, heading) : undefined);
    }
  }
});

it("no two checks of a section have one name", () => {
  const names = allChecks.map(({ of, section, name }) => `${of} ${section} ${name}`);
  expect(new Set(names).size).toBe(names.length);
});
