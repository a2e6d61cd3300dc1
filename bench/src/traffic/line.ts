import type { Cargo } from "./cargo.ts";

/** What carries one contestant's messages between two, seen from one end. */
export interface Line {
  /** Sends the message of this number. Where the next should wait, it can go when the promise resolves. */
  send(number: number): Promise<void> | undefined;
  /** Sends the shortest message that can carry this number. */
  answer(number: number): void;
  /**
   * Gives what comes to a listener, in place of the one before: numbers in the order they came, or the fault of what is not
   * as it was sent.
   */
  listen(hear: (number: number) => void, fail: (fault: unknown) => void): void;
}

/** By what they talk: `skein` a room · `skein-relay` one that relays all · `raw` a data channel · `raw-json` one with JSON · and the libraries by name. */
export type Way = "skein" | "skein-relay" | "raw" | "raw-json" | "simple-peer" | "peerjs";

/** Where two meet, and what for. */
export interface Place {
  readonly way: Way;
  /** Of the server that this way needs. */
  readonly url: string;
  /** Of the two's own. */
  readonly room: string;
  readonly cargo: Cargo;
  /** The host is there first. */
  readonly role: "host" | "newcomer";
}

/** Somebody is in place: the other may come. */
export interface Opening {
  /** When both are there, and messages go. */
  readonly line: Promise<Line>;
}
