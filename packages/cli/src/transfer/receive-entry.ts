import { lstat, open, rm } from "node:fs/promises";
import { SkeinError } from "@skein/protocol";
import { isDiskError, isOfWholeDisk, whyDisk } from "../files/disk.js";
import { inPieces } from "../files/pieces.js";
import { whyUnsafe } from "../files/safe-path.js";
import { Part } from "./part.js";
import { isPartName } from "./part-name.js";
import type { DigestReply, Entry, FileEntry, FileState, Outcome, ReadReply } from "./protocol.js";
import { RunningHash } from "./running-hash.js";
import type { Place, TargetFolder } from "./target-folder.js";

/** What a receiver can ask a sender. */
export interface Sender {
  list(from: number): Promise<{ readonly entries: readonly Entry[] }>;
  digest(entry: number, bytes: number): Promise<DigestReply>;
  read(entry: number, offset: number, length: number): Promise<ReadReply>;
}

export interface ReceiveEntryOptions {
  readonly sender: Pick<Sender, "digest" | "read">;
  readonly folder: TargetFolder;
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  /** So many more bytes are here; fewer where a file begins anew. */
  readonly grown: (bytes: number) => void;
}

/** What is asked for at once. */
export const pieceBytes = 64 * 1024;
/** Of one file: a {@link PacedSender} lets fewer go. */
const piecesAtOnce = 64;
/** A file that is written to all the time never gets through. */
const attemptsMost = 4;
const growthBytes = 1024 * 1024;

/**
 * Receives one entry, or finds that it is here already. What is wrong with this entry alone is an outcome; what ends the
 * whole transfer is thrown: the link's errors, and a disk that takes no more.
 */
export async function receiveEntry(number: number, entry: Entry, options: ReceiveEntryOptions): Promise<Outcome> {
  const unsafe = whyRefused(entry.path);
  if (unsafe !== undefined) return refused(`its path ${unsafe}`);
  try {
    if (entry.kind === "file") return await new FileReceiver(number, entry, options).receive();
    await options.folder.enter(entry.path.split("/"));
    return { is: "made" };
  } catch (error) {
    if (SkeinError.is(error, "bad-argument")) return refused(error.message);
    if (isDiskError(error) && !isOfWholeDisk(error)) return refused(whyDisk(error));
    throw error;
  }
}

/** Also where a name would meet those that we keep for parts. */
function whyRefused(path: string): string | undefined {
  return whyUnsafe(path) ?? (path.split("/").some(isPartName) ? "is kept for parts of files" : undefined);
}

function refused(reason: string): Outcome {
  return { is: "refused", reason: reason.slice(0, 512) };
}

/** How one attempt at a file ended. */
type Attempt =
  | { readonly is: "whole"; readonly sha256: string }
  | { readonly is: "again"; readonly now: FileState; readonly why: string };

class FileReceiver {
  readonly #number: number;
  readonly #entry: FileEntry;
  readonly #options: ReceiveEntryOptions;
  #state: FileState;

  constructor(number: number, entry: FileEntry, options: ReceiveEntryOptions) {
    this.#number = number;
    this.#entry = entry;
    this.#options = options;
    this.#state = entry;
  }

  async receive(): Promise<Outcome> {
    const place = await this.#options.folder.place(this.#entry.path);
    const there = await this.#lookAt(place);
    if (there !== undefined) return there;
    await using part = await Part.open(place.part, this.#options.signal);
    this.#options.grown(part.bytes);
    if (part.bytes > 0 && !(await this.#continues(part))) await this.#restart(part);
    let why = "";
    for (let attempt = 0; attempt < attemptsMost; attempt++) {
      const end = await this.#fill(part);
      if (end.is === "whole") {
        await part.finish(place.final, this.#state);
        return { is: "received", sha256: end.sha256 };
      }
      why = end.why;
      this.#change(end.now);
      await this.#restart(part);
    }
    return refused(why);
  }

  /** What is under the final name already: the same file, or a reason to refuse this one. */
  async #lookAt({ final, part }: Place): Promise<Outcome | undefined> {
    const stats = await lstat(final).catch((error: unknown) => {
      if (isDiskError(error) && error.code === "ENOENT") return undefined;
      throw error;
    });
    if (stats === undefined) return undefined;
    if (stats.isDirectory()) return refused("a folder is in its place");
    const sha256 = stats.isFile() && stats.size === this.#state.bytes ? await this.#sha256IfSame(final) : undefined;
    if (sha256 !== undefined) {
      await rm(part, { force: true });
      this.#options.grown(this.#state.bytes);
      return { is: "present", sha256 };
    }
    return this.#options.overwrite ? undefined : refused("a different file is in its place (--overwrite replaces it)");
  }

  async #sha256IfSame(path: string): Promise<string | undefined> {
    const hash = new RunningHash();
    await using file = await open(path, "r");
    await hash.addFile(file, this.#state.bytes, this.#options.signal);
    return (await this.#isTheirs(hash)) ? hash.sha256 : undefined;
  }

  /** Whether what an earlier run left is how the sender's file begins. */
  async #continues(part: Part): Promise<boolean> {
    return part.bytes <= this.#state.bytes && (await this.#isTheirs(part));
  }

  async #isTheirs(ours: { readonly bytes: number; readonly sha256: string }): Promise<boolean> {
    const theirs = await this.#options.sender.digest(this.#number, ours.bytes);
    if (theirs.is === "unreadable") throw unreadable(theirs.reason);
    if (theirs.is === "changed") this.#change(theirs.now);
    return theirs.is === "digest" && theirs.sha256 === ours.sha256;
  }

  /** Fetches what is missing of it. */
  async #fill(part: Part): Promise<Attempt> {
    const { sender, grown, signal } = this.#options;
    const pieces = { from: part.bytes, until: this.#state.bytes, pieceBytes, atOnce: piecesAtOnce };
    let latest: FileState | undefined;
    const read = async (offset: number, length: number): Promise<ReadReply> => {
      const reply = await sender.read(this.#number, offset, length);
      if (reply.is === "changed") latest = reply.now;
      return reply;
    };
    let promised: string | undefined;
    for await (const { piece, length } of inPieces(pieces, read)) {
      signal.throwIfAborted();
      if (piece.is === "unreadable") throw unreadable(piece.reason);
      // Those that were asked for ahead may tell of another change: the last one counts.
      if (piece.is === "changed") break;
      checkLength(piece.bytes, length);
      await part.append(piece.bytes);
      grown(piece.bytes.length);
      promised = piece.sha256;
    }
    if (latest !== undefined) return { is: "again", now: latest, why: "it changed while it was sent" };
    const { sha256 } = part;
    if (promised === sha256) return { is: "whole", sha256 };
    return { is: "again", now: this.#state, why: "what came has another SHA-256 than was promised" };
  }

  async #restart(part: Part): Promise<void> {
    this.#options.grown(-part.bytes);
    await part.restart();
  }

  /** It may have grown a little since it was offered, but not to any size. */
  #change(now: FileState): void {
    if (now.bytes > 2 * this.#entry.bytes + growthBytes) {
      throw new SkeinError("bad-argument", "it grew while it was sent: send it again");
    }
    this.#state = now;
  }
}

function unreadable(reason: string): SkeinError {
  return new SkeinError("bad-argument", `the sender can't read it: ${reason}`);
}

function checkLength(piece: Uint8Array, length: number): void {
  if (piece.length === length) return;
  throw new SkeinError("bad-message", "The sender gave a piece of another length than was asked for.");
}
