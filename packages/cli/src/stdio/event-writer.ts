import type { Writable } from "node:stream";
import type { OutputEvent } from "./envelope.js";

/** Writes events, one line of JSON each. */
export interface EventWriter {
  write(event: OutputEvent): void;
}

/**
 * Writes to a stream, until nobody reads it any more; that is told once.
 * Node writes to a pipe at once and waits for its reader, so events queue nowhere here.
 */
export function createEventWriter(output: Writable, readerGone: () => void): EventWriter {
  let open = true;
  output.on("error", () => {
    if (!open) return;
    open = false;
    readerGone();
  });
  return {
    write(event) {
      if (open) output.write(`${JSON.stringify(event)}\n`);
    },
  };
}
