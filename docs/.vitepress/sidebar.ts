import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { addressOf, pagesIn, repository, titleOf } from "./pages.ts";

type Item = DefaultTheme.SidebarItem;

const inFolder = (folder: string, ...names: readonly string[]): string[] =>
  names.map((name) => `docs/${folder}${name}.md`);

/** Guides in the order in which people come with their questions. Those that aren't named follow by themselves. */
const guides: Readonly<Record<string, readonly string[]>> = {
  Start: [...inFolder("", "start", "ideas", "questions"), "examples/README.md"],
  "Build an app": inFolder("guide/", "messages", "streams", "working-together", "agreeing", "identity", "testing"),
  "Where it runs": inFolder("guide/", "browsers", "embedding", "transfers"),
  "When something is wrong": inFolder("guide/", "not-connecting", "watching"),
  "Run a server": inFolder("guide/", "server", "deploy", "turn"),
  "From another library": inFolder("guide/", "peerjs", "simple-peer", "trystero"),
  "Check it": inFolder("guide/", "conformance", "hostile"),
};

const figures = inFolder("", "performance", "nat", "engines", "scale");
const about = [...inFolder("", "threat-model", "versions"), "CONTRIBUTING.md"];

const isThere = (file: string): boolean => existsSync(join(repository, file));
const named = new Set([...Object.values(guides).flat(), ...figures, ...about, "docs/index.md"]);

function group(text: string, files: readonly string[]): Item {
  const items = files.filter(isThere).map((file) => ({ text: titleOf(file), link: addressOf(file) }));
  return { text, items };
}

function others(folder: string): string[] {
  return pagesIn(folder).filter((file) => !named.has(file));
}

/** The examples that have a page of their own. */
function examples(): string[] {
  return filesOf("examples/", "/README.md");
}

/** `examples/NAME/README.md` of all names for which there is such a file. */
function filesOf(before: string, after: string): string[] {
  return readdirSync(join(repository, before))
    .sort()
    .map((name) => `${before}${name}${after}`)
    .filter(isThere);
}

function reference(): Item {
  // The pages are made before the site is.
  const names = isThere("docs/api")
    ? readdirSync(join(repository, "docs/api"), { recursive: true, encoding: "utf8" })
    : [];
  const files = names.filter((name) => name.startsWith("@") && name.endsWith(".md")).sort();
  return group(
    "API reference",
    files.map((name) => `docs/api/${name}`),
  );
}

/** Made of what lies in the folders, so that a new page has its place at once. */
export function sidebar(): DefaultTheme.Sidebar {
  const first = Object.entries(guides).map(([text, files]) => group(text, files));
  const spec = group("The specification", ["docs/spec/README.md", ...pagesIn("spec")]);
  const all = [
    ...first,
    group("More guides", others("guide")),
    group("Examples", examples()),
    group("Figures", figures),
    group("About", [...about, ...others("")]),
  ];
  return {
    "/": all.filter(({ items = [] }) => items.length > 0),
    "/api/": [reference(), group("Packages", filesOf("packages/", "/README.md"))],
    "/packages/": [group("Packages", filesOf("packages/", "/README.md")), reference()],
    "/spec/": [spec],
    "/decisions/": [group("Decisions", ["docs/decisions/README.md", ...pagesIn("decisions")])],
  };
}

export const navigation: DefaultTheme.NavItem[] = [
  { text: "Start", link: "/start" },
  { text: "Questions", link: "/questions" },
  { text: "Examples", link: "/examples/" },
  { text: "API", link: "/api/" },
  {
    text: "More",
    items: [
      { text: "The specification", link: "/spec/" },
      { text: "Performance", link: "/performance" },
      { text: "NATs and firewalls", link: "/nat" },
      { text: "Threat model", link: "/threat-model" },
      { text: "Decisions", link: "/decisions/" },
      { text: "Packages", link: "/packages/client" },
      { text: "Contributing", link: "/contributing" },
    ],
  },
];
