import type { PeerId } from "@skein/client";
import type { Crew } from "../crew/crew.js";
import type { FoundInSet } from "../crew/finder.js";
import { wordsOf } from "../files/search.js";
import { plainText } from "./core/text.js";
import type { SearchGroup, Store } from "./store.js";
import { sentenceOf } from "./words.js";

/** Lines that one set may answer with. */
export const hitsMost = 200;

/** Looks into all that anybody holds; answers show as they come. A new search ends the one before. */
export class Search {
  readonly #store: Store;
  readonly #named: (peer: PeerId) => string;
  #current: AbortController | undefined;

  constructor(store: Store, named: (peer: PeerId) => string) {
    this.#store = store;
    this.#named = named;
  }

  start(crew: Crew | undefined, query: string): void {
    this.stop();
    const words = wordsOf(query);
    if (words.length === 0) return this.#store.set({ results: { kind: "none" } });
    const current = new AbortController();
    this.#current = current;
    this.#store.set({ results: { kind: "search", query: plainText(query, 80), words, groups: [] } });
    if (crew === undefined) return;
    const startMs = performance.now();
    const onChange = (found: FoundInSet) => {
      if (!current.signal.aborted) this.#show(found, performance.now() - startMs);
    };
    void crew.find(query.trim(), { most: hitsMost, signal: current.signal, onChange });
  }

  stop(): void {
    this.#current?.abort();
  }

  #show(found: FoundInSet, tookMs: number): void {
    const { results } = this.#store.state;
    if (results.kind !== "search") return;
    const known = results.groups.find(({ set }) => set === found.set);
    const group = this.#group(found, known, tookMs);
    const groups =
      known === undefined ? [...results.groups, group] : results.groups.map((each) => (each === known ? group : each));
    this.#store.set({ results: { ...results, groups } });
  }

  #group({ set, by, hits, files, error }: FoundInSet, known: SearchGroup | undefined, tookMs: number): SearchGroup {
    const name = by === undefined ? undefined : this.#named(by);
    const before = known?.name === undefined || known.name === name ? known?.before : known.name;
    const common = { set, name, before, hits };
    if (error !== undefined) return { ...common, phase: "failed", reason: sentenceOf(error) };
    return files === undefined ? { ...common, phase: "asking" } : { ...common, phase: "answered", files, tookMs };
  }
}
