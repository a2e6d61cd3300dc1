import type { MarkdownRenderer } from "vitepress";

/** Blocks of the language `mermaid` are drawn by a component; where the repository is browsed, its host draws them. */
export function diagrams(markdown: MarkdownRenderer): void {
  const { fence } = markdown.renderer.rules;
  markdown.renderer.rules.fence = (tokens, index, options, env, self) => {
    const { info, content } = tokens[index] as { info: string; content: string };
    if (info.trim() !== "mermaid") return fence?.(tokens, index, options, env, self) ?? "";
    return `<Diagram text="${encodeURIComponent(content)}" />\n`;
  };
}
