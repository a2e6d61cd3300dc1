import { type PeerId, SkeinError } from "@skein/client";
import type { Presence, Tasks } from "@skein/coordination";
import * as v from "valibot";
import { setsOf } from "./held-sets.js";
import type { Holding, Holdings } from "./holding.js";
import { findInput, findOutput, findTask, type Hit, hitsPart, holds } from "./protocol.js";

/** What was found in one set, and who looked. */
export interface FoundInSet {
  readonly set: string;
  /** Undefined before anybody has begun. */
  readonly by: PeerId | undefined;
  readonly hits: readonly Hit[];
  /** How many files were looked into; undefined while it goes on. */
  readonly files: number | undefined;
  /** Why it failed, where it did. */
  readonly error?: SkeinError;
}

export interface FindOptions {
  /** Lines that each set may answer with. */
  readonly most: number;
  readonly signal: AbortSignal;
  /** Hears of each set's answer as it grows. Where another agent begins anew, what came before is gone. */
  readonly onChange?: (found: FoundInSet) => void;
}

const findMs = 30_000;
/** A worker says something each few files: one that doesn't is slow, or stopped. */
const silentMs = 5_000;
const nobodyMs = 2_000;
/** Searches at once, for others. */
const concurrency = 4;

export interface FinderParts {
  readonly id: PeerId;
  readonly presence: Presence;
  readonly tasks: Tasks;
  readonly holdings: Holdings;
  /** We searched for somebody. */
  readonly searched: (to: PeerId, words: string) => void;
}

/** Searches: each set of files is looked through by one of those who hold it. */
export class Finder {
  readonly #parts: FinderParts;

  constructor(parts: FinderParts) {
    this.#parts = parts;
    const { tasks } = parts;
    tasks.handle(findTask, { input: findInput, output: findOutput, concurrency }, (input, context) =>
      this.#work(input, context),
    );
  }

  /** Looks into all sets of the room at once. One that fails says so in its answer. */
  find(words: string, options: FindOptions): Promise<FoundInSet[]> {
    const { presence, holdings } = this.#parts;
    const own = holdings().map((holding) => this.#findHere(holding, words, options));
    const here = new Set(holdings().map(({ set }) => set));
    const there = [...setsOf(presence).keys()].filter((set) => !here.has(set));
    return Promise.all([...own, ...there.map((set) => this.#findThere(set, words, options))]);
  }

  async *#work(
    { set, words, most }: v.InferOutput<typeof findInput>,
    { signal, from }: { signal: AbortSignal; from: PeerId },
  ): AsyncGenerator<readonly Hit[], { files: number }, void> {
    const holding = this.#parts.holdings().find((each) => each.set === set);
    if (holding === undefined) throw new SkeinError("no-such-peer", "This agent doesn't hold that set any more.");
    this.#parts.searched(from, words);
    // Who asked learns at once that it was begun.
    yield [];
    return { files: yield* holding.find(words, most, signal) };
  }

  async #findHere(
    holding: Holding,
    words: string,
    { most, signal, onChange = () => {} }: FindOptions,
  ): Promise<FoundInSet> {
    const hits: Hit[] = [];
    const found = (files: number | undefined): FoundInSet => ({ set: holding.set, by: this.#parts.id, hits, files });
    const parts = holding.find(words, most, signal);
    for (;;) {
      const { value, done } = await parts.next();
      if (!done) hits.push(...value);
      onChange(found(done ? value : undefined));
      if (done) return found(value);
    }
  }

  async #findThere(
    set: string,
    words: string,
    { most, signal, onChange = () => {} }: FindOptions,
  ): Promise<FoundInSet> {
    let found: FoundInSet = { set, by: undefined, hits: [], files: undefined };
    const change = (changed: Partial<FoundInSet>): FoundInSet => {
      found = { ...found, ...changed };
      onChange(found);
      return found;
    };
    try {
      let lastAttempt = 0;
      const { files } = await this.#parts.tasks.delegate({
        name: findTask,
        requires: [holds(set)],
        input: { set, words, most },
        output: findOutput,
        timeoutMs: findMs,
        attemptMs: silentMs,
        nobodyMs,
        signal,
        onPart: (part, { worker, attempt }) => {
          const { success, output } = v.safeParse(hitsPart, part);
          const before = attempt === lastAttempt ? found.hits : [];
          lastAttempt = attempt;
          change({ by: worker, hits: [...before, ...(success ? output : [])].slice(0, most) });
        },
      });
      return change({ files });
    } catch (error) {
      return change({ error: SkeinError.from(error, "closed") });
    }
  }
}
