import { stat } from "node:fs/promises";
import { SkeinError } from "@skein/protocol";
import { isDiskError, whyDisk } from "../files/disk.js";
import {
  type DigestReply,
  type Entry,
  type FileEntry,
  type Outcome,
  pageEntriesMost,
  type ReadReply,
} from "./protocol.js";
import { type Reading, SourceFile } from "./source-file.js";
import { type Held, stateOf, type Tree, versionOf } from "./tree.js";

type HeldFile = Extract<Held, { readonly version: string }>;

/** Hears how a transfer gets on. */
export interface OutgoingListener {
  /** So many bytes of all are at the receiver, or on the way there. */
  progress(bytes: number): void;
  settled(entry: Entry, outcome: Outcome): void;
}

const wrong: Outcome = { is: "refused", reason: "the receiver has another SHA-256 than what was sent" };
/** A page fits into one piece of a message, or a few. */
const pageCharacters = 48 * 1024;
/** More than a receiver has under way. */
const openFilesMost = 32;

/** One transfer as its sender sees it: answers whoever receives, and knows what the receiver has. */
export class Outgoing implements AsyncDisposable {
  readonly #held: Held[];
  readonly #listener: OutgoingListener;
  /** By entry, the one that was used last at the end. */
  readonly #files = new Map<number, SourceFile>();
  readonly #told = new Map<number, string>();
  readonly #reached = new Map<number, number>();
  readonly #open: Set<number>;
  #turn: Promise<unknown> = Promise.resolve();
  #bytes = 0;
  #carriedBytes = 0;

  constructor(tree: Pick<Tree, "held">, listener: OutgoingListener) {
    this.#held = [...tree.held];
    this.#listener = listener;
    this.#open = new Set(tree.held.keys());
  }

  /** How many entries the receiver hasn't dealt with. */
  get unsettled(): number {
    return this.#open.size;
  }

  /** What was read and sent so far. */
  get carriedBytes(): number {
    return this.#carriedBytes;
  }

  list(from: number): { entries: Entry[] } {
    const entries: Entry[] = [];
    let space = pageCharacters;
    for (const { entry } of this.#held.slice(from, from + pageEntriesMost)) {
      space -= entry.path.length;
      if (space < 0 && entries.length > 0) break;
      entries.push(entry);
    }
    return { entries };
  }

  digest(entry: number, bytes: number, signal: AbortSignal): Promise<DigestReply> {
    return this.#reading(entry, async (file) => {
      const digest = await file.sha256(bytes, signal);
      if (digest.is === "changed") return digest;
      return { is: "read", value: { is: "digest", sha256: this.#tell(entry, digest.value) } };
    });
  }

  read(entry: number, offset: number, length: number, signal: AbortSignal): Promise<ReadReply> {
    return this.#reading(entry, async (file, { entry: { bytes: whole } }) => {
      const piece = await file.read(offset, length);
      if (piece.is === "changed") return piece;
      const digest = offset + length < whole ? undefined : await file.sha256(whole, signal);
      if (digest?.is === "changed") return digest;
      this.#carriedBytes += piece.value.length;
      this.#reach(entry, offset + piece.value.length);
      const sha256 = digest === undefined ? {} : { sha256: this.#tell(entry, digest.value) };
      return { is: "read", value: { is: "piece", bytes: piece.value, ...sha256 } };
    });
  }

  /** The receiver says what became of an entry. What it has must be what was sent. */
  settle(entry: number, outcome: Outcome): void {
    const held = this.#held[entry];
    if (held === undefined || !this.#open.delete(entry)) return;
    const isRight = held.entry.kind === "folder" || this.#isRight(entry, outcome);
    if (held.entry.kind === "file") this.#reach(entry, held.entry.bytes);
    this.#told.delete(entry);
    this.#reached.delete(entry);
    this.#listener.settled(held.entry, isRight ? outcome : wrong);
    this.#inTurn(() => this.#close(entry)).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(async () => {
      for (const entry of [...this.#files.keys()]) await this.#close(entry);
    });
  }

  #isRight(entry: number, outcome: Outcome): boolean {
    if (outcome.is === "refused") return true;
    return outcome.is !== "made" && outcome.sha256 === this.#told.get(entry);
  }

  /** One after the other: so a file is read, and hashed, in the order in which it is asked for. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #reading<Reply>(
    entry: number,
    work: (file: SourceFile, held: HeldFile) => Promise<Reading<Reply>>,
  ): Promise<Reply | Extract<ReadReply, { is: "changed" | "unreadable" }>> {
    return this.#inTurn(async () => {
      const held = this.#heldFile(entry);
      try {
        const reading = await work(await this.#file(entry, held), held);
        return reading.is === "read" ? reading.value : await this.#changed(entry, held);
      } catch (error) {
        if (!isDiskError(error)) throw error;
        return { is: "unreadable", reason: whyDisk(error) };
      }
    });
  }

  #heldFile(entry: number): HeldFile {
    const held = this.#held[entry];
    if (held !== undefined && "version" in held) return held;
    throw new SkeinError("bad-argument", `Entry ${entry} of this transfer is no file.`);
  }

  async #file(entry: number, { place, version }: HeldFile): Promise<SourceFile> {
    const known = this.#files.get(entry);
    const file = known ?? (await SourceFile.open(place, version));
    this.#files.delete(entry);
    this.#files.set(entry, file);
    const [oldest] = this.#files.keys();
    if (this.#files.size > openFilesMost && oldest !== undefined) await this.#close(oldest);
    return file;
  }

  async #close(entry: number): Promise<void> {
    const file = this.#files.get(entry);
    this.#files.delete(entry);
    await file?.[Symbol.asyncDispose]();
  }

  /** From here on the file is offered as it is now. */
  async #changed(entry: number, held: HeldFile): Promise<Extract<ReadReply, { is: "changed" }>> {
    await this.#close(entry);
    const stats = await stat(held.place, { bigint: true });
    const now = stateOf(stats);
    const file: FileEntry = { ...held.entry, ...now };
    this.#held[entry] = { entry: file, place: held.place, version: versionOf(stats) };
    this.#bytes -= this.#reached.get(entry) ?? 0;
    this.#reached.delete(entry);
    return { is: "changed", now };
  }

  /** Remembers what the receiver was told, to hold what it says it has against it. */
  #tell(entry: number, sha256: string): string {
    this.#told.set(entry, sha256);
    return sha256;
  }

  #reach(entry: number, bytes: number): void {
    const before = this.#reached.get(entry) ?? 0;
    if (bytes <= before) return;
    this.#reached.set(entry, bytes);
    this.#bytes += bytes - before;
    this.#listener.progress(this.#bytes);
  }
}
