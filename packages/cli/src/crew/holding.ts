import type { ArtifactSource } from "@skein/coordination";
import type { FilePage, Hit } from "./protocol.js";

/** A set of files that this agent holds, and what it can say of them. A name that comes from others is looked up in it, never made a path. */
export interface Holding {
  /** The same for everyone who holds the same files. */
  readonly set: string;
  readonly count: number;
  /** Another number: other files than before. */
  readonly revision: number;
  list(from: number): FilePage;
  /** Lines that hold all the words, `most` at most, in pieces that fit a message. Gives how many files were looked into. */
  find(words: string, most: number, signal?: AbortSignal): AsyncGenerator<readonly Hit[], number, void>;
  /** A file's bytes; undefined where it isn't among them. */
  open(file: string, signal: AbortSignal): ArtifactSource | undefined;
}

/** The holdings of one agent. They may change. */
export type Holdings = () => readonly Holding[];
