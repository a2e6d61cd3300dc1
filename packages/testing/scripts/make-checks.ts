// Writes docs/spec/checks.md from the built package: `node packages/testing/scripts/make-checks.ts`.
import { writeFileSync } from "node:fs";
import { peerChecks, serverChecks } from "@skein/testing";

export const checksPage = new URL("../../../docs/spec/checks.md", import.meta.url);

/** Every check, of a peer or of a server. `section` is a page of docs/spec and a heading on it. */
export const allChecks = [
  ...serverChecks.map(({ section, name, level }) => ({ section, name, level, of: "server" })),
  ...peerChecks.map(({ section, name, level }) => ({ section, name, level, of: "peer" })),
] as const;

/** The sections that are checked, in the order of the pages. */
export function checkedSections(): { readonly page: string; readonly heading: string }[] {
  const names = [...new Set(allChecks.map(({ section }) => section))];
  return names.map((name) => {
    const [page = "", heading = ""] = name.split(": ");
    return { page, heading };
  });
}

/** Where this page speaks of a section: `links-windows`. */
export function anchorOf(page: string, heading: string): string {
  return slugOf(`${page.replace(".md", "")} ${heading}`);
}

/** A heading as it is linked to. */
export function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");
}

/** The page's text. */
export function makeChecksPage(): string {
  const sections = checkedSections().map(({ page, heading }) => partFor(page, heading));
  return `${head}\n${sections.join("\n")}`;
}

const head = `# Checks

What \`skein conformance\` ([the kit](../guide/conformance.md)) holds against an implementation, by the sections of these pages that say it. **server** is what \`skein conformance server\` checks,
**peer** what \`skein conformance peer\` does. What is marked SHOULD is told, and fails nothing. This page is written by \`npm run checks\`.

What no check sees from outside (times, backoff, what a peer makes of a lying server, bounds of memory) is held by tests of this implementation: [hostile.md](../guide/hostile.md) and the
[threat model](../threat-model.md) name them.
`;

function partFor(page: string, heading: string): string {
  const title = page.replace(".md", "").replace(/^./, (letter) => letter.toUpperCase());
  const checks = allChecks.filter(({ section }) => section === `${page}: ${heading}`);
  const lines = checks.map(({ of, name, level }) => `- **${of}**: ${name}${level === "should" ? " (SHOULD)" : ""}`);
  return `## ${title}: ${heading}\n\nOf [${page}](${page}#${slugOf(heading)}).\n\n${lines.join("\n")}\n`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) writeFileSync(checksPage, makeChecksPage());
