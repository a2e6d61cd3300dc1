import type { BlobStore } from "@skein/coordination";
import type { Crew } from "../crew/crew.js";
import { bytesText, millisecondsText } from "../terminal/units.js";
import { plainText } from "./core/text.js";
import { TrafficMeter } from "./core/traffic-meter.js";
import type { Store, Transfer } from "./store.js";
import { sentenceOf } from "./words.js";

const shownMost = 20;

/** The files that this page fetches. */
export class Transfers {
  readonly #store: Store;
  readonly #crew: () => Crew | undefined;
  readonly #fetched: BlobStore;
  readonly #running = new Map<number, AbortController>();

  constructor(store: Store, crew: () => Crew | undefined, fetched: BlobStore) {
    this.#store = store;
    this.#crew = crew;
    this.#fetched = fetched;
  }

  /** Fetches a file from all who hold one of these sets. */
  start(sets: readonly string[], from: string, file: string): void {
    const isRunning = ({ state, ...one }: Transfer) => state.phase === "running" && one.file === file;
    if (this.#store.state.transfers.some(isRunning)) return;
    const crew = this.#crew();
    const key = this.#store.nextKey();
    const older = this.#store.state.transfers;
    for (const dropped of older.slice(shownMost - 1)) this.remove(dropped.key);
    const transfer = {
      key,
      sets,
      from,
      file,
      bytes: 0,
      total: undefined,
      rate: 0,
      state: { phase: "running" },
    } as const;
    this.#store.set({ transfers: [transfer, ...this.#store.state.transfers] });
    if (crew === undefined) return this.#fail(key, "Not in the room at the moment: try again when it is back.");
    void this.#run(key, crew);
  }

  /** Tries a failed one again. */
  retry(key: number): void {
    const transfer = this.#store.state.transfers.find((one) => one.key === key);
    if (transfer === undefined) return;
    this.remove(key);
    this.start(transfer.sets, transfer.from, transfer.file);
  }

  /** Stops it where it runs, and forgets the file. */
  remove(key: number): void {
    this.#running.get(key)?.abort();
    const transfer = this.#store.state.transfers.find((one) => one.key === key);
    if (transfer?.state.phase === "done") URL.revokeObjectURL(transfer.state.url);
    this.#store.set({ transfers: this.#store.state.transfers.filter((one) => one.key !== key) });
  }

  async #run(key: number, crew: Crew): Promise<void> {
    const transfer = this.#store.state.transfers.find((one) => one.key === key);
    if (transfer === undefined) return;
    const { file, sets, from } = transfer;
    const stop = new AbortController();
    this.#running.set(key, stop);
    const meter = new TrafficMeter();
    const startedMs = performance.now();
    const name = plainText(file, 60);
    try {
      const { id, bytes } = await crew.get(
        { file, sets },
        {
          signal: stop.signal,
          onProgress: ({ bytes, totalBytes: total }) => {
            meter.sample(bytes, performance.now());
            this.#store.changeTransfer(key, () => ({ bytes, total, rate: meter.perSecond }));
          },
        },
      );
      const tookMs = performance.now() - startedMs;
      const url = URL.createObjectURL(this.#fetched.blob(id) ?? new Blob());
      await crew.forget(id);
      const state = { phase: "done", url, artifact: id, tookMs } as const;
      this.#store.changeTransfer(key, () => ({ bytes, total: bytes, state }));
      this.#store.note(`${name} came from ${from}: ${bytesText(bytes)} in ${millisecondsText(tookMs)}.`);
    } catch (error) {
      if (stop.signal.aborted) return;
      const reason = sentenceOf(error);
      this.#fail(key, reason);
      this.#store.note(`${name} didn’t come from ${from}. ${reason}`);
    } finally {
      this.#running.delete(key);
    }
  }

  #fail(key: number, reason: string): void {
    this.#store.changeTransfer(key, () => ({ state: { phase: "failed", reason } }));
  }
}
