import { type Lane, limits, SkeinError } from "@skein/protocol";

/** How to open a stream. */
export interface StreamOptions {
  /** Which of the peer's handlers takes it, up to 257 characters. Default: `default`. */
  readonly name?: string;
  /** Its priority class. Default: `bulk`, which lets all messages pass that don't say otherwise. */
  readonly lane?: Lane;
  /** Ends the wait for the peer to take it. */
  readonly signal?: AbortSignal;
}

export const defaultStreamName = "default";

/** @throws {SkeinError} `bad-argument` where no stream can have this name. */
export function mustNameStream(name: string): void {
  if (name.length > 0 && name.length <= 2 * limits.nameLength + 1) return;
  throw new SkeinError("bad-argument", `A stream's name has 1 to ${2 * limits.nameLength + 1} characters.`);
}
