import type { Peer, Room } from "@skein/client";
import { files } from "../files/protocol.js";
import { wordsOf } from "../files/search.js";
import { countText } from "../terminal/units.js";
import { plainText } from "./core/text.js";
import { nameOf } from "./membership.js";
import type { SearchGroup, Store } from "./store.js";
import { sentenceOf } from "./words.js";

/** Lines that one agent may answer with. */
export const hitsMost = 200;
const timeoutMs = 15_000;

/** What follows the peer's name in a group: what became of the question. */
type Outcome = SearchGroup extends infer Group
  ? Group extends SearchGroup
    ? Omit<Group, "peer" | "name">
    : never
  : never;

/** Asks every linked agent at once; answers show as they come. A new search ends the one before. */
export class Search {
  readonly #store: Store;
  #current: AbortController | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  start(room: Room | undefined, query: string): void {
    this.stop();
    const words = wordsOf(query);
    if (words.length === 0) return this.#store.set({ results: { kind: "none" } });
    const current = new AbortController();
    this.#current = current;
    const peers = [...(room?.peers.values() ?? [])].filter(({ state }) => state === "connected");
    const groups = peers.map((peer): SearchGroup => ({ peer: peer.id, name: nameOf(peer), phase: "asking" }));
    this.#store.set({ results: { kind: "search", query: plainText(query, 80), words, groups } });
    if (room === undefined || peers.length === 0) return;
    this.#store.note(`Asked ${countText(peers.length, "agent")} for “${plainText(query, 60)}”.`);
    for (const peer of peers) void this.#ask(room, peer, query, current.signal);
  }

  stop(): void {
    this.#current?.abort();
  }

  async #ask(room: Room, peer: Peer, words: string, signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    const outcome = await room.request(peer, files.find, { words, most: hitsMost }, { timeoutMs, signal }).then(
      (answer): Outcome => ({ phase: "answered", ...answer, tookMs: performance.now() - startedMs }),
      (error): Outcome => ({ phase: "failed", reason: sentenceOf(error) }),
    );
    const { results } = this.#store.state;
    if (signal.aborted || results.kind !== "search") return;
    const groups = results.groups.map((group): SearchGroup => {
      return group.peer === peer.id ? { peer: group.peer, name: group.name, ...outcome } : group;
    });
    this.#store.set({ results: { ...results, groups } });
  }
}
