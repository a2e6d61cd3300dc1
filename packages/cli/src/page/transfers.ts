import type { PeerId, Room } from "@skein/client";
import { files } from "../files/protocol.js";
import { bytesText, millisecondsText } from "../terminal/units.js";
import { plainText } from "./core/text.js";
import { TrafficMeter } from "./core/traffic-meter.js";
import { download, type Source } from "./download.js";
import type { Store, Transfer } from "./store.js";
import { sentenceOf } from "./words.js";

const shownMost = 20;

/** The files that this page fetches. */
export class Transfers {
  readonly #store: Store;
  readonly #room: () => Room | undefined;
  readonly #running = new Map<number, AbortController>();

  constructor(store: Store, room: () => Room | undefined) {
    this.#store = store;
    this.#room = room;
  }

  /** Fetches a file from the peer that named it. */
  start(peer: PeerId, from: string, file: string): void {
    const isRunning = ({ state, ...one }: Transfer) =>
      state.phase === "running" && one.peer === peer && one.file === file;
    if (this.#store.state.transfers.some(isRunning)) return;
    const room = this.#room();
    const key = this.#store.nextKey();
    const older = this.#store.state.transfers;
    for (const dropped of older.slice(shownMost - 1)) this.remove(dropped.key);
    const transfer = {
      key,
      peer,
      from,
      file,
      bytes: 0,
      total: undefined,
      rate: 0,
      state: { phase: "running" },
    } as const;
    this.#store.set({ transfers: [transfer, ...this.#store.state.transfers] });
    if (room === undefined) return this.#fail(key, "Not in the room at the moment: try again when it is back.");
    void this.#run(key, room);
  }

  /** Tries a failed one again. */
  retry(key: number): void {
    const transfer = this.#store.state.transfers.find((one) => one.key === key);
    if (transfer === undefined) return;
    this.remove(key);
    this.start(transfer.peer, transfer.from, transfer.file);
  }

  /** Stops it where it runs, and forgets the file. */
  remove(key: number): void {
    this.#running.get(key)?.abort();
    const transfer = this.#store.state.transfers.find((one) => one.key === key);
    if (transfer?.state.phase === "done") URL.revokeObjectURL(transfer.state.url);
    this.#store.set({ transfers: this.#store.state.transfers.filter((one) => one.key !== key) });
  }

  async #run(key: number, room: Room): Promise<void> {
    const transfer = this.#store.state.transfers.find((one) => one.key === key);
    if (transfer === undefined) return;
    const { file, from } = transfer;
    const stop = new AbortController();
    this.#running.set(key, stop);
    const meter = new TrafficMeter();
    const startedMs = performance.now();
    const name = plainText(file, 60);
    try {
      const { blob, sha256, verified } = await download(
        sourceOf(room, transfer.peer, file),
        stop.signal,
        (bytes, total) => {
          meter.sample(bytes, performance.now());
          this.#store.changeTransfer(key, () => ({ bytes, total, rate: meter.perSecond }));
        },
      );
      const tookMs = performance.now() - startedMs;
      if (verified === false) throw new ChecksumMismatch();
      const state = { phase: "done", url: URL.createObjectURL(blob), sha256, verified, tookMs } as const;
      this.#store.changeTransfer(key, () => ({ state }));
      const checked = verified === true ? "SHA-256 checked" : "not checked";
      this.#store.note(
        `${name} came from ${from}: ${bytesText(blob.size)} in ${millisecondsText(tookMs)}, ${checked}.`,
      );
    } catch (error) {
      if (stop.signal.aborted) return;
      const reason =
        error instanceof ChecksumMismatch
          ? "What came doesn’t match its SHA-256, and was thrown away."
          : sentenceOf(error);
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

class ChecksumMismatch extends Error {}

function sourceOf(room: Room, peer: PeerId, file: string): Source {
  return {
    stat: (signal) => room.request(peer, files.stat, { file }, { signal }),
    read: async (offset, length, signal) => {
      const { bytes } = await room.request(peer, files.read, { file, offset, length }, { signal });
      return bytes;
    },
  };
}
