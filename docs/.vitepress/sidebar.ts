import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { addressOf, pagesIn, repository, titleOf } from "./pages.ts";

type Item = DefaultTheme.SidebarItem;

/** Guides in the order in which people come with their questions. Those that aren't named here follow. */
const guides: Readonly<Record<string, readonly string[]>> = {
  "Build an app": ["streams", "working-together", "agreeing", "testing"],
  "Where it runs": ["embedding", "transfers"],
  Operate: ["deploy", "turn", "watching"],
  "Check it": ["conformance", "hostile"],
};

const page = (file: string, text = titleOf(file)): Item => ({ text, link: addressOf(file) });
const isThere = (file: string): boolean => existsSync(join(repository, file));

function group(text: string, files: readonly string[], collapsed?: boolean): Item {
  const items = files.filter(isThere).map((file) => page(file));
  return collapsed === undefined ? { text, items } : { text, items, collapsed };
}

function guideGroups(): Item[] {
  const named = Object.values(guides).flat();
  const others = pagesIn("guide").filter((file) => !named.includes(file.replace(/^docs\/guide\/|\.md$/g, "")));
  const groups = Object.entries(guides).map(([text, names]) =>
    group(
      text,
      names.map((name) => `docs/guide/${name}.md`),
    ),
  );
  return others.length === 0 ? groups : [...groups, group("More", others)];
}

/** Made of what lies in the folders, so that a new page has its place at once. */
export function sidebar(): DefaultTheme.Sidebar {
  return [...guideGroups()];
}
