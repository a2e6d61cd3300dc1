import { SkeinError } from "@skein/protocol";
import { PacedSender } from "./paced-sender.js";
import type { Entry, Offer, Outcome } from "./protocol.js";
import { pieceBytes, receiveEntry, type Sender } from "./receive-entry.js";
import type { TargetFolder } from "./target-folder.js";

/** Files under way at once: small ones wait for the disk and for each other's answers. */
const filesAtOnce = 8;

export interface IncomingOptions {
  readonly offer: Pick<Offer, "entries" | "bytes">;
  readonly sender: Sender;
  readonly folder: TargetFolder;
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  /** So many bytes of all are here. */
  readonly progress: (bytes: number) => void;
  readonly settled: (number: number, entry: Entry, outcome: Outcome) => Promise<void>;
}

/**
 * Receives a whole transfer; resolves when every entry is settled and on disk, with what had to be carried for it.
 * @throws {SkeinError} what asking the sender throws; `bad-message` where it isn't what was offered; a disk's error where it
 * takes no more
 */
export async function takeIn(options: IncomingOptions): Promise<{ readonly carriedBytes: number }> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const sender = new PacedSender(options.sender, pieceBytes);
  let bytes = 0;
  const grown = (more: number): void => {
    bytes += more;
    options.progress(bytes);
  };
  const entries = entriesOf(options, signal);
  const keys = new Set<string>();
  const work = async (): Promise<void> => {
    for await (const { number, entry } of entries) {
      const key = options.folder.keyOf(entry.path);
      const isTwin = keys.has(key);
      keys.add(key);
      const outcome = isTwin ? twin : await receiveEntry(number, entry, { ...options, sender, signal, grown });
      await options.settled(number, entry, outcome);
    }
  };
  // The first failure ends the others; nothing writes any more when it is told.
  await Promise.all(Array.from({ length: filesAtOnce }, () => work().catch((error) => failed.abort(error))));
  failed.signal.throwIfAborted();
  await options.folder.sync();
  return { carriedBytes: sender.carriedBytes };
}

const twin: Outcome = { is: "refused", reason: "another file of this transfer has the same name on this disk" };

/** Entries a page at a time: a transfer of very many takes no more memory than one of few. */
async function* entriesOf({ sender, offer }: IncomingOptions, signal: AbortSignal): AsyncGenerator<Numbered> {
  let number = 0;
  let bytes = 0;
  while (number < offer.entries) {
    signal.throwIfAborted();
    const { entries } = await sender.list(number);
    if (entries.length === 0) throw new SkeinError("bad-message", "The sender has fewer files than it offered.");
    for (const entry of entries) {
      bytes += entry.kind === "file" ? entry.bytes : 0;
      if (number === offer.entries || bytes > offer.bytes) {
        throw new SkeinError("bad-message", "The sender has more to send than it offered.");
      }
      yield { number: number++, entry };
    }
  }
}

interface Numbered {
  readonly number: number;
  readonly entry: Entry;
}
