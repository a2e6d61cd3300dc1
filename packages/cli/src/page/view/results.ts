import type { PeerId } from "@skein/client";
import type { Hit } from "../../files/protocol.js";
import { bytesText, countText, millisecondsText } from "../../terminal/units.js";
import { highlight } from "../core/highlight.js";
import { plainText } from "../core/text.js";
import type { Results, SearchGroup, State } from "../store.js";
import { button, byId, type ItemView, KeyedList, make, setText } from "./dom.js";

/** Lines of one agent that show at first. */
const linesFirst = 24;

export interface ResultActions {
  fetch(peer: PeerId, from: string, file: string): void;
  /** More of the files that are listed. */
  more(peer: PeerId): void;
}

/** What was found, grouped by agent; or the files of one agent. */
export class ResultsView {
  readonly #summary = byId("results-summary", HTMLElement);
  readonly #empty = byId("results-empty", HTMLElement);
  readonly #body = byId("results", HTMLElement);
  readonly #actions: ResultActions;
  #groups: { readonly of: string; readonly list: KeyedList<SearchGroup> } | undefined;
  #shown: Results | undefined;

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
    else {
      this.#groups = undefined;
      this.#body.replaceChildren(...(results.kind === "files" ? [this.#fileList(results)] : []));
    }
  }

  #showGroups(results: Extract<Results, { kind: "search" }>, before: Results | undefined): void {
    const isSame = before?.kind === "search" && before.words === results.words;
    if (!isSame || this.#groups === undefined) {
      this.#body.replaceChildren();
      const list = new KeyedList<SearchGroup>(
        this.#body,
        ({ peer }) => peer,
        (group) => this.#group(group, results.words),
      );
      this.#groups = { of: results.query, list };
    }
    this.#groups.list.show(results.groups);
  }

  #group({ peer, name }: SearchGroup, words: readonly string[]): ItemView<SearchGroup> {
    const state = make("span", "group-state");
    const heading = make("h3", "group-head", make("span", "group-name", name), state);
    const body = make("div", "group-body");
    const node = make("section", "group", heading, body);
    let shown: SearchGroup | undefined;
    return {
      node,
      update: (group) => {
        if (group === shown) return;
        shown = group;
        node.dataset.phase = group.phase;
        setText(state, stateOf(group));
        if (group.phase === "answered") body.replaceChildren(...this.#files(peer, name, group.hits, words, linesFirst));
      },
    };
  }

  /** The hits, file by file, up to so many lines. */
  #files(peer: PeerId, name: string, hits: readonly Hit[], words: readonly string[], most: number): HTMLElement[] {
    const byFile = new Map<string, Hit[]>();
    for (const hit of hits.slice(0, most)) byFile.set(hit.file, [...(byFile.get(hit.file) ?? []), hit]);
    const nodes = [...byFile].map(([file, lines]) => {
      const fetchIt = button("quiet", "Fetch", `Fetch ${plainText(file, 120)} from ${name}`, () =>
        this.#actions.fetch(peer, name, file),
      );
      const list = make("ol", "lines", ...lines.map((hit) => lineOf(hit, words)));
      return make("div", "file", make("div", "file-head", pathOf(file), fetchIt), list) as HTMLElement;
    });
    const left = hits.length - most;
    if (left <= 0) return nodes;
    const more = button(
      "quiet more",
      `Show ${countText(left, "more line")}`,
      `Show ${countText(left, "more line")} of ${name}`,
      () => {
        const parent = more.parentElement;
        parent?.replaceChildren(...this.#files(peer, name, hits, words, hits.length));
        parent?.querySelector<HTMLElement>("button")?.focus();
      },
    );
    return [...nodes, more];
  }

  #fileList({ peer, name, files, total, problem }: Extract<Results, { kind: "files" }>): HTMLElement {
    const rows = files.map((file) => {
      const fetchIt = button("quiet", "Fetch", `Fetch ${plainText(file.name, 120)} from ${name}`, () =>
        this.#actions.fetch(peer, name, file.name),
      );
      return make("li", "file-row", pathOf(file.name), make("span", "file-bytes", bytesText(file.bytes)), fetchIt);
    });
    const heading = make(
      "h3",
      "group-head",
      make("span", "group-name", name),
      make("span", "group-state", problem ?? ""),
    );
    const list = make("ul", "file-list", ...rows);
    const section = make("section", "group", heading, list);
    if (total !== undefined && total > files.length) {
      section.append(
        button("quiet more", "Show more files", `Show more files of ${name}`, () => this.#actions.more(peer)),
      );
    }
    return section;
  }
}

function stateOf(group: SearchGroup): string {
  if (group.phase === "asking") return "searching";
  if (group.phase === "failed") return group.reason;
  const { hits, files, tookMs } = group;
  const where = `${countText(files, "file")} searched in ${millisecondsText(tookMs)}`;
  return hits.length === 0 ? `nothing, ${where}` : `${countText(hits.length, "line")}, ${where}`;
}

function summaryOf(results: Results): string {
  if (results.kind === "none") return "";
  if (results.kind === "files") {
    return results.total === undefined
      ? `Asking ${results.name} for its files.`
      : `${countText(results.files.length, "file")} of ${countText(results.total, "file")} that ${results.name} holds.`;
  }
  const { groups, query } = results;
  if (groups.length === 0) return "No agent is linked yet: search again once the drawing shows one.";
  const answered = groups.filter((group) => group.phase === "answered");
  const lines = answered.reduce((sum, { hits }) => sum + hits.length, 0);
  const waiting = groups.filter(({ phase }) => phase === "asking").length;
  const found = lines === 0 ? "Nothing" : countText(lines, "line");
  const from = `from ${countText(answered.length, "agent")}`;
  if (waiting > 0) return `${found} for “${query}” ${from} so far; ${waiting} still searching.`;
  const slowest = Math.max(0, ...answered.map(({ tookMs }) => tookMs));
  return lines === 0
    ? `Nothing for “${query}” at ${countText(answered.length, "agent")}. Try fewer words, or a part of one.`
    : `${found} for “${query}” ${from} in ${millisecondsText(slowest)}.`;
}

/** A path, its last part in front of the eye. */
function pathOf(path: string): HTMLElement {
  const shown = plainText(path, 240);
  const cut = shown.lastIndexOf("/") + 1;
  const node = make(
    "span",
    "path",
    make("span", "path-folder", shown.slice(0, cut)),
    make("span", "path-file", shown.slice(cut)),
  );
  node.title = shown;
  return node;
}

function lineOf({ line, text }: Hit, words: readonly string[]): HTMLElement {
  const pieces = highlight(plainText(text, 400), words).map((piece) =>
    piece.marked ? make("mark", "", piece.text) : piece.text,
  );
  return make("li", "line", make("span", "line-number", String(line)), make("code", "line-text", ...pieces));
}
