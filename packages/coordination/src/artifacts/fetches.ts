import { type PeerId, SkeinError } from "@skein/protocol";
import type { ArtifactId } from "./core/content-id.js";
import type { FetchCounts } from "./core/fetch-events.js";
import { Fetch, type FetchWorld } from "./fetch.js";
import type { FetchOptions } from "./options.js";
import type { StoredArtifact } from "./stores/store.js";

export interface FetchesWorld extends FetchWorld {
  /** Who says that it has it. */
  readonly holdersOf: (id: ArtifactId) => readonly PeerId[];
  readonly fetched: (artifact: StoredArtifact, counts: FetchCounts) => void;
}

interface OpenFetch {
  readonly fetch: Fetch;
  waiting: number;
}

/** The fetches that are under way, one for each artifact, however many wait for it. */
export class Fetches {
  readonly #world: FetchesWorld;
  readonly #open = new Map<ArtifactId, OpenFetch>();

  constructor(world: FetchesWorld) {
    this.#world = world;
  }

  get all(): readonly Fetch[] {
    return [...this.#open.values()].map(({ fetch }) => fetch);
  }

  get(id: ArtifactId): Fetch | undefined {
    return this.#open.get(id)?.fetch;
  }

  /** @throws {SkeinError} as {@link Fetch.result} */
  async fetch(id: ArtifactId, { onProgress, signal, nobodyMs = 30_000 }: FetchOptions): Promise<StoredArtifact> {
    const open = this.#open.get(id) ?? this.#begin(id, nobodyMs);
    const stopListening = onProgress === undefined ? () => {} : open.fetch.listen(onProgress);
    try {
      return await wait(open, signal);
    } finally {
      stopListening();
    }
  }

  async stopAll(error: SkeinError): Promise<void> {
    await Promise.all(this.all.map((fetch) => fetch.stop(error)));
  }

  #begin(id: ArtifactId, nobodyMs: number): OpenFetch {
    const { messenger, holdersOf, fetched } = this.#world;
    const fetch = new Fetch(id, nobodyMs, this.#world);
    const open = { fetch, waiting: 0 };
    this.#open.set(id, open);
    const end = () => this.#open.delete(id);
    fetch.result.then((artifact) => {
      end();
      fetched(artifact, fetch.counts);
    }, end);
    // Announcements are for those who listen in time, and only so many: who is left is asked whether it has it.
    const holders = holdersOf(id);
    for (const holder of holders.length > 0 ? holders : messenger.peers.keys()) fetch.holder(holder);
    return open;
  }
}

/** Whoever gives up ends only its own wait; the last one ends the fetch. */
async function wait(open: OpenFetch, signal: AbortSignal | undefined): Promise<StoredArtifact> {
  open.waiting++;
  let abort = () => {};
  const gaveUp = new Promise<never>((_, reject) => {
    abort = () => reject(fetchAborted(signal));
    signal?.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([open.fetch.result, gaveUp]);
  } finally {
    signal?.removeEventListener("abort", abort);
    open.waiting--;
    if (open.waiting === 0) await open.fetch.stop(fetchAborted(signal));
  }
}

export function fetchAborted(signal: AbortSignal | undefined): SkeinError {
  return new SkeinError("aborted", "The fetch was aborted by its caller.", { cause: signal?.reason });
}
