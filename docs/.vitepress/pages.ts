import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** Pages that lie outside of `docs`, from the repository's root. */
const elsewhere = /^(CONTRIBUTING|examples\/([^/]+\/)?README|packages\/[^/]+\/README)\.md$/;

/** Whether a Markdown file of the repository is a page of the site. */
export function isPage(file: string): boolean {
  return (/^docs\/[^.]/.test(file) && !file.includes("node_modules")) || elsewhere.test(file);
}

/**
 * Where a page lies in the site: `docs/` is its root, and a folder's README its first page, as it is where the repository is browsed.
 * The repository's own README is for those who look at the repository: its place is the front page.
 */
export function placeOf(file: string): string {
  if (file === "README.md") return "index.md";
  return file
    .replace(/^docs\//, "")
    .replace(/^packages\/([^/]+)\/README\.md$/, "packages/$1.md")
    .replace(/(^|\/)README\.md$/, "$1index.md")
    .replace(/^CONTRIBUTING\.md$/, "contributing.md");
}

/** A page's address, from the site's root. */
export function addressOf(file: string): string {
  return `/${placeOf(file)
    .replace(/(^|\/)index\.md$/, "$1")
    .replace(/\.md$/, ".html")}`;
}

/** The file that a link in a file leads to, and the anchor in it; undefined for what leads out of the repository. */
export function targetOf(from: string, href: string): { file: string; anchor: string } | undefined {
  if (/^[a-z]+:|^\/|^#/i.test(href)) return undefined;
  const [path = "", anchor = ""] = href.split("#");
  const file = posix.normalize(posix.join(posix.dirname(from), decodeURI(path))).replace(/\/$/, "");
  const readme = posix.join(file, "README.md");
  return { file: file === "." || existsSync(join(repository, readme)) ? readme : file, anchor };
}

/** The pages of a folder of `docs`, by name; without its README. */
export function pagesIn(folder: string): string[] {
  return readdirSync(join(repository, "docs", folder))
    .filter((name) => name.endsWith(".md") && name !== "README.md")
    .sort()
    .map((name) => `docs/${folder === "" ? "" : `${folder}/`}${name}`);
}

/** A page's first heading, without its marks. */
export function titleOf(file: string): string {
  const [, title = file] = /^# (.*)$/m.exec(readFileSync(join(repository, file), "utf8")) ?? [];
  return title.replace(/[`*]/g, "");
}
