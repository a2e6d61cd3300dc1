import type { Room } from "@skein/client";
import { SkeinError } from "@skein/protocol";

/** Fires when a transfer can't go on: the room is over, or the process was told to stop. Its reason is an error to show. */
export function endOf(room: Room, stop: AbortSignal, stopped: string): AbortSignal {
  const end = new AbortController();
  const stopNow = (): void => end.abort(new SkeinError("aborted", stopped));
  if (stop.aborted) stopNow();
  stop.addEventListener("abort", stopNow, { once: true });
  room.on("closed", (error) => end.abort(error ?? new SkeinError("closed", "The room was left.")));
  return end.signal;
}
