import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { addressOf, isPage, repository, targetOf } from "./pages.ts";

/** Where sources can be read, such as `https://git.example.org/skein/blob/main`. Without it, the site names them and links to none. */
const sources = process.env.DOCS_SOURCES;

type Token = ReturnType<MarkdownRenderer["parse"]>[number];

/**
 * Links are written for the repository, where files stand in their folders. In the site those to pages lead to the pages, and those to
 * sources to wherever sources can be read.
 */
export function siteLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("site-links", ({ tokens, env }) => {
    const path = env.realPath ?? env.path;
    // A title by itself is of no file, and has no links.
    if (path === undefined) return;
    const from = relative(repository, path);
    for (const { children } of tokens) {
      const open: Token[] = [];
      for (const token of children ?? []) {
        if (token.type === "link_open") {
          lead(token, from);
          open.push(token);
        }
        // What ends has to be of the kind that began.
        if (token.type === "link_close") token.tag = open.pop()?.tag ?? "a";
      }
    }
  });
}

function lead(link: Token, from: string): void {
  const href = String(link.attrGet("href"));
  const target = targetOf(from, href);
  if (target === undefined) return;
  const { file, anchor } = target;
  if (!existsSync(join(repository, file)))
    throw new Error(`${from}: there is no ${file}, where a link leads (${href}).`);
  if (file === "README.md" || isPage(file)) link.attrSet("href", addressOf(file) + (anchor && `#${anchor}`));
  else if (sources !== undefined) link.attrSet("href", `${sources}/${file}`);
  else name(link, file);
}

/** No link: the file's name in the repository, shown where it is pointed at. */
function name(link: Token, file: string): void {
  link.type = "source_open";
  link.tag = "span";
  link.attrs = [
    ["class", "source"],
    ["title", `${file}, in the repository`],
  ];
}
