// Follows every link of a built site: that its page is there, and on it what the link points at. VitePress looks for pages alone.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

interface Page {
  readonly ids: ReadonlySet<string>;
  readonly links: readonly string[];
}

function textOf(attribute: string): string {
  return attribute.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&amp;", "&");
}

function read(file: string): Page {
  const html = readFileSync(file, "utf8");
  const all = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, value = ""]) => textOf(value));
  return { ids: new Set(all(/\sid="([^"]*)"/g)), links: all(/<a\s[^>]*?href="([^"]*)"/g) };
}

function pagesOf(site: string): ReadonlyMap<string, Page> {
  const files = readdirSync(site, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html"));
  return new Map(files.map((name) => [name.split("\\").join("/"), read(join(site, name))]));
}

/** What is wrong with a link on a page, if anything is. */
function problemOf(link: string, from: string, pages: ReadonlyMap<string, Page>, base: string): string | undefined {
  if (/^(https?|mailto):/.test(link)) return undefined;
  const [path = "", anchor = ""] = link.split("#");
  const inSite = path.startsWith("/") ? path.slice(base.length) : posix.join(posix.dirname(from), path);
  const name = path === "" ? from : decodeURI(inSite).replace(/(^|\/)$/, "$1index.html");
  const page = pages.get(name);
  if (page === undefined) return `there is no page ${name}`;
  if (anchor !== "" && !page.ids.has(decodeURIComponent(anchor)))
    return `${name} has nothing that is called #${anchor}`;
  return undefined;
}

const [site = "", base = "/"] = process.argv.slice(2);
const pages = pagesOf(site);
let links = 0;
let problems = 0;
for (const [from, page] of pages) {
  for (const link of new Set(page.links)) {
    links++;
    const problem = problemOf(link, from, pages, base);
    if (problem === undefined) continue;
    problems++;
    console.error(`${from}: ${link}: ${problem}.`);
  }
}
console.error(`${links} links on ${pages.size} pages, ${problems} of them wrong.`);
process.exitCode = problems === 0 ? 0 : 1;
