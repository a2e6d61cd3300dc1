import { createRequire } from "node:module";
import { defineConfig } from "vitepress";
import { diagrams } from "./diagrams.ts";
import { siteLinks } from "./links.ts";
import { isPage, placeOf } from "./pages.ts";
import { navigation, sidebar } from "./sidebar.ts";
import { slugify } from "./slugify.ts";

/** Two strands, as the demo's page has them. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32' fill='none' stroke='%234b5bd0' stroke-width='3' stroke-linecap='round'%3E%3Cpath d='M5 11c8-9 14 19 22 10'/%3E%3Cpath d='M5 21c8 9 14-19 22-10' stroke='%23bd7b16'/%3E%3C/svg%3E";

const { resolve } = createRequire(import.meta.url);

export default defineConfig({
  title: "Skein",
  description:
    "Programs talk to each other directly: typed messages over WebRTC, with an end-to-end encrypted way round.",
  lang: "en-GB",
  head: [["link", { rel: "icon", href: icon }]],
  // Pages lie where the repository's readers look for them: beside what they are about.
  srcDir: "..",
  srcExclude: [
    "README.md",
    "{.changeset,tests,bench,scripts}/**",
    ".cache/**",
    "packages/*/vectors/**",
    "packages/*/CHANGELOG.md",
  ],
  rewrites: (file) => placeOf(file),
  outDir: "../.cache/docs",
  cacheDir: "../.cache/vitepress",
  lastUpdated: false,
  markdown: {
    anchor: {
      slugify,
      // The reference has anchors of its own where links lead; what it makes no anchor for mustn't take their names.
      slugifyWithState: (heading, { env }) =>
        /\/api\//.test(env.path ?? "") ? `in-${slugify(heading)}` : slugify(heading),
    },
    config: (markdown) => {
      siteLinks(markdown);
      diagrams(markdown);
    },
    theme: { light: "github-light", dark: "github-dark" },
  },
  vite: {
    resolve: {
      // Pages outside of this folder have no Vue of their own to find.
      alias: [
        { find: /^vue$/, replacement: resolve("vue/dist/vue.runtime.esm-bundler.js") },
        { find: /^vue\/server-renderer$/, replacement: resolve("vue/server-renderer") },
      ],
    },
  },
  transformPageData: (data) => {
    if (!isPage(data.filePath))
      throw new Error(`${data.filePath} is no page of the site: see docs/.vitepress/pages.ts.`);
  },
  themeConfig: {
    search: { provider: "local" },
    outline: { level: [2, 3] },
    nav: navigation,
    sidebar: sidebar(),
    footer: { message: "MIT licensed." },
  },
});
