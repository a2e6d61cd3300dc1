import { type PeerId, type Room, SkeinError } from "@skein/client";
import type { Presence, Tasks } from "@skein/coordination";
import * as v from "valibot";
import { IndexBook } from "./core/index-book.js";
import { type Located, theOne } from "./core/located.js";
import { setsOf } from "./held-sets.js";
import type { Holdings } from "./holding.js";
import type { Keepership } from "./keepership.js";
import {
  crewFiles,
  entriesMost,
  type FileEntry,
  type IndexEntry,
  indexInput,
  indexPart,
  indexTask,
  keepsIndex,
} from "./protocol.js";

const askMs = 20_000;
/** While nobody keeps it, one is being voted for. */
const nobodyMs = 12_000;
const listMs = 5_000;
/** What we believe of one set's list. */
const listedMost = 100_000;
const concurrency = 4;

export interface FileIndexParts {
  readonly room: Room;
  readonly presence: Presence;
  readonly tasks: Tasks;
  readonly keepership: Keepership;
  readonly holdings: Holdings;
}

/** Which files there are: one agent keeps a list of everyone's, and the others ask it. */
export class FileIndex {
  readonly #parts: FileIndexParts;
  readonly #book = new IndexBook();

  constructor(parts: FileIndexParts) {
    this.#parts = parts;
    parts.tasks.handle(indexTask, { input: indexInput, concurrency }, (input, { signal }) => this.#work(input, signal));
  }

  /**
   * Every file in the room that has this name, or ends in it; all of them without a name. A file in two sets comes twice.
   * @throws {SkeinError} `no-such-peer` where nobody keeps an index, and what a task throws
   */
  async entries(wanted: string | undefined, signal: AbortSignal): Promise<readonly IndexEntry[]> {
    const { keepership, tasks } = this.#parts;
    if (keepership.isKeeper) return this.#lookUp(wanted, signal);
    let entries: IndexEntry[] = [];
    let lastAttempt = 0;
    await tasks.delegate({
      name: indexTask,
      requires: [keepsIndex],
      input: { ...(wanted === undefined ? {} : { wanted }) },
      timeoutMs: askMs,
      nobodyMs,
      signal,
      onPart: (part, { attempt }) => {
        if (attempt !== lastAttempt) entries = [];
        lastAttempt = attempt;
        const { success, output } = v.safeParse(indexPart, part);
        if (success && entries.length < listedMost) entries.push(...output);
      },
    });
    return entries;
  }

  /** @throws {SkeinError} `bad-argument` where nobody holds it, or several files end so; and as {@link FileIndex.entries} */
  async locate(wanted: string, signal: AbortSignal): Promise<Located> {
    return theOne(wanted, await this.entries(wanted, signal));
  }

  async *#work(
    { wanted }: v.InferOutput<typeof indexInput>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly IndexEntry[], null, void> {
    const entries = await this.#lookUp(wanted, signal);
    for (let from = 0; from < entries.length; from += entriesMost) yield entries.slice(from, from + entriesMost);
    return null;
  }

  async #lookUp(wanted: string | undefined, signal: AbortSignal): Promise<readonly IndexEntry[]> {
    const { presence, holdings } = this.#parts;
    const there = setsOf(presence);
    const here = holdings();
    for (const holding of here) {
      if (this.#book.knows(holding.set, holding.revision)) continue;
      this.#book.learn(holding.set, holding.revision, await everything(async (from) => holding.list(from)));
    }
    const unknown = [...there].filter(([set, { revision }]) => !this.#book.knows(set, revision));
    await Promise.all(unknown.map(([set, { revision, holders }]) => this.#ask(set, revision, holders, signal)));
    this.#book.retain(new Set([...here.map(({ set }) => set), ...there.keys()]));
    return [...this.#book.entries(wanted)];
  }

  /** Asks a set's holders one after the other; what none of them tells stays unknown. */
  async #ask(set: string, revision: number, holders: readonly PeerId[], signal: AbortSignal): Promise<void> {
    const { room } = this.#parts;
    for (const holder of holders) {
      const ask = (from: number) => room.request(holder, crewFiles.list, { set, from }, { timeoutMs: listMs, signal });
      const files = await everything(ask).catch((error: unknown) => {
        if (SkeinError.is(error, "aborted")) throw error;
        return undefined;
      });
      if (files !== undefined) return this.#book.learn(set, revision, files);
    }
  }
}

/** All pages of a list. */
export async function everything(
  ask: (from: number) => Promise<{ readonly files: readonly FileEntry[]; readonly total: number }>,
): Promise<readonly FileEntry[]> {
  const all: FileEntry[] = [];
  for (;;) {
    const { files, total } = await ask(all.length);
    all.push(...files);
    // A page may be empty where a peer counts wrongly: that ends it too.
    if (files.length === 0 || all.length >= total || all.length >= listedMost) return all;
  }
}
