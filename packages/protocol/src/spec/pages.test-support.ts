import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../../../../docs/spec/", import.meta.url);

export type Row = readonly string[];

/** A page of the specification, by its file's name. */
export function readPage(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

/** All pages by their files' names. */
export function pageNames(): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".md"));
}

/** What stands under a heading, up to the next. */
export function partOf(page: string, heading: string): string {
  const parts = readPage(page).split(/^#+ /m);
  const part = parts.find((text) => text.startsWith(`${heading}\n`));
  if (part === undefined) throw new Error(`docs/spec/${page} has no heading "${heading}"`);
  return part;
}

/** The rows of the first table under a heading that begins with this cell, without its head. */
export function tableOf(page: string, heading: string, first: string): Row[] {
  const lines = partOf(page, heading).split("\n");
  const head = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  if (head < 0) throw new Error(`docs/spec/${page} has no table under "${heading}" that begins with "${first}"`);
  const rest = lines.slice(head + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end < 0 ? rest.length : end).map(cellsOf);
}

function cellsOf(line: string): Row {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** What stands in backticks. */
export function words(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word as string);
}

/** The only thing in backticks. */
export function word(cell: string): string {
  const [first, ...more] = words(cell);
  if (first === undefined || more.length > 0) throw new Error(`one word in backticks is due, in ${cell}`);
  return first;
}

/** A number as people write it. */
export function numberOf(text: string): number {
  const power = /^2\^53 - 1$/.test(text) ? Number.MAX_SAFE_INTEGER : Number(text.replaceAll(",", ""));
  if (!Number.isFinite(power)) throw new Error(`a number is due, not ${text}`);
  return power;
}
