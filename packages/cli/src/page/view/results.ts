import type { PeerId } from "@skein/client";
import type { Hit } from "../../crew/protocol.js";
import { bytesText, countText, millisecondsText } from "../../terminal/units.js";
import { highlight } from "../core/highlight.js";
import { plainText } from "../core/text.js";
import { hitsMost } from "../search.js";
import type { Results, SearchGroup, State } from "../store.js";
import { button, byId, type ItemView, KeyedList, make, setText } from "./dom.js";
import { pathView } from "./path.js";

/** Lines of one agent that show at first. */
const linesFirst = 24;
/** Files that show at first, and how many more at a time. */
const filesAtOnce = 50;

type FileResults = Extract<Results, { kind: "files" }>;

export interface ResultActions {
  fetch(set: string, file: string): void;
  /** More of the files that are listed. */
  more(peer: PeerId): void;
}

/** What was found, grouped by set of files; or the files of one agent. */
export class ResultsView {
  readonly #summary = byId("results-summary", HTMLElement);
  readonly #empty = byId("results-empty", HTMLElement);
  readonly #body = byId("results", HTMLElement);
  readonly #actions: ResultActions;
  #groups: { readonly of: string; readonly list: KeyedList<SearchGroup> } | undefined;
  #shown: Results | undefined;
  #filesShown = filesAtOnce;

  constructor(actions: ResultActions) {
    this.#actions = actions;
  }

  show({ results }: State): void {
    if (results === this.#shown) return;
    const before = this.#shown;
    this.#shown = results;
    this.#empty.hidden = results.kind !== "none";
    setText(this.#summary, summaryOf(results));
    if (results.kind === "search") this.#showGroups(results, before);
    else this.#showFiles(results, before);
  }

  #showFiles(results: Results, before: Results | undefined): void {
    this.#groups = undefined;
    if (results.kind !== "files") return this.#body.replaceChildren();
    if (before?.kind !== "files" || before.peer !== results.peer) this.#filesShown = filesAtOnce;
    this.#body.replaceChildren(this.#fileList(results));
  }

  #showGroups(results: Extract<Results, { kind: "search" }>, before: Results | undefined): void {
    const isSame = before?.kind === "search" && before.words === results.words;
    if (!isSame || this.#groups === undefined) {
      this.#body.replaceChildren();
      const list = new KeyedList<SearchGroup>(
        this.#body,
        ({ set }) => set,
        (group) => this.#group(group.set, results.words),
      );
      this.#groups = { of: results.query, list };
    }
    this.#groups.list.show(results.groups);
  }

  #group(set: string, words: readonly string[]): ItemView<SearchGroup> {
    const name = make("span", "group-name");
    const state = make("span", "group-state");
    const heading = make("h3", "group-head", name, state);
    const body = make("div", "group-body");
    const node = make("section", "group", heading, body);
    let shown: SearchGroup | undefined;
    return {
      node,
      update: (group) => {
        if (group === shown) return;
        if (group.hits !== shown?.hits) body.replaceChildren(...this.#files(set, group.hits, words, linesFirst));
        shown = group;
        node.dataset.phase = group.phase;
        setText(name, group.name ?? "…");
        setText(state, stateOf(group));
      },
    };
  }

  /** The hits, file by file, up to so many lines. */
  #files(set: string, hits: readonly Hit[], words: readonly string[], most: number): HTMLElement[] {
    const byFile = new Map<string, Hit[]>();
    for (const hit of hits.slice(0, most)) byFile.set(hit.file, [...(byFile.get(hit.file) ?? []), hit]);
    const nodes = [...byFile].map(([file, lines]) => {
      const fetchIt = this.#fetchButton(set, file);
      const list = make("ol", "lines", ...lines.map((hit) => lineOf(hit, words)));
      return make("div", "file", make("div", "file-head", pathView(file), fetchIt), list) as HTMLElement;
    });
    const left = hits.length - most;
    if (left <= 0) return nodes;
    const more = button(
      "quiet more",
      `Show ${countText(left, "more line")}`,
      `Show ${countText(left, "more line")}`,
      () => {
        const parent = more.parentElement;
        parent?.replaceChildren(...this.#files(set, hits, words, hits.length));
        parent?.querySelector<HTMLElement>("button")?.focus();
      },
    );
    return [...nodes, more];
  }

  #fileList(results: FileResults): HTMLElement {
    const { peer, name, files, total, problem } = results;
    const shown = this.#filesShown;
    const rows = files.slice(0, shown).map((file) => {
      const size = make("span", "file-bytes", bytesText(file.bytes));
      return make("li", "file-row", pathView(file.name), size, this.#fetchButton(file.set, file.name));
    });
    const state = make("span", "group-state", problem ?? "");
    const heading = make("h3", "group-head", make("span", "group-name", name), state);
    const section = make("section", "group", heading, make("ul", "file-list", ...rows));
    if (total !== undefined && total > rows.length) {
      const more = () => {
        this.#filesShown += filesAtOnce;
        if (files.length < Math.min(this.#filesShown, total)) this.#actions.more(peer);
        else this.#body.replaceChildren(this.#fileList(results));
        this.#body.focus();
      };
      const text = `Show ${countText(Math.min(filesAtOnce, total - rows.length), "more file")}`;
      section.append(button("quiet more", text, `${text} of ${name}`, more));
    }
    return section;
  }

  #fetchButton(set: string, file: string): HTMLButtonElement {
    return button("quiet", "Fetch", `Fetch ${plainText(file, 120)}`, () => this.#actions.fetch(set, file));
  }
}

function stateOf(group: SearchGroup): string {
  const { hits, before, phase } = group;
  const instead = before === undefined ? "" : `, took over from ${before}`;
  const lines = `${hits.length >= hitsMost ? "the first " : ""}${countText(hits.length, "line")}`;
  if (phase === "asking") return `searching${instead}`;
  if (phase === "failed") return group.reason;
  const where = `${countText(group.files, "file")} searched in ${millisecondsText(group.tookMs)}`;
  return `${hits.length === 0 ? "nothing" : lines}, ${where}${instead}`;
}

function summaryOf(results: Results): string {
  if (results.kind === "none") return "";
  if (results.kind === "files") {
    return results.total === undefined
      ? `Asking ${results.name} for its files.`
      : `${results.name} holds ${countText(results.total, "file")}.`;
  }
  const { groups, query } = results;
  if (groups.length === 0) return "Nobody has answered yet: agents are asked as soon as they are linked.";
  const answered = groups.filter((group) => group.phase === "answered");
  const lines = groups.reduce((sum, { hits }) => sum + hits.length, 0);
  const waiting = groups.filter(({ phase }) => phase === "asking").length;
  const found = lines === 0 ? "Nothing" : countText(lines, "line");
  const agents = new Set(groups.flatMap(({ name }) => name ?? [])).size;
  const from = `from ${countText(agents, "agent")}`;
  if (waiting > 0) return `${found} for “${query}” ${from} so far; ${waiting} still searching.`;
  const slowest = Math.max(0, ...answered.map(({ tookMs }) => tookMs));
  return lines === 0
    ? `Nothing for “${query}” at ${countText(agents, "agent")}. Try fewer words, or a part of one.`
    : `${found} for “${query}” ${from} in ${millisecondsText(slowest)}.`;
}

function lineOf({ line, text }: Hit, words: readonly string[]): HTMLElement {
  const pieces = highlight(plainText(text, 400), words).map((piece) =>
    piece.marked ? make("mark", "", piece.text) : piece.text,
  );
  return make("li", "line", make("span", "line-number", String(line)), make("code", "line-text", ...pieces));
}
