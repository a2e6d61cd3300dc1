import { concatBytes, limits, SkeinError } from "@skein/protocol";
import { type Deferred, deferred } from "../deferred.js";

/** The sending half of a path, as a data channel has it. */
export interface FrameSink {
  readonly bufferedAmount: number;
  send(frame: Uint8Array): void;
}

/** Above this much in the channel's buffer, frames wait. Chromium kills a channel at 16 MiB. */
const highWaterBytes = 1 << 20;
/** Below this, they go on: enough that the engine never runs dry. */
export const lowWaterBytes = 256 * 1024;

/**
 * Gathers the records of one tick into frames, and holds them back while the channel's buffer is full.
 *
 * Small messages are bounded by sends, not by bytes: a frame that carries many of them is what makes them fast.
 */
export class FrameWriter {
  readonly #sink: FrameSink;
  readonly #failed: (reason: string) => void;
  #queue: Uint8Array[] = [];
  #state: "idle" | "scheduled" | "blocked" | "closed" = "idle";
  #handedOver: Deferred<void> | undefined;

  constructor(sink: FrameSink, failed: (reason: string) => void) {
    this.#sink = sink;
    this.#failed = failed;
  }

  /** Queues a record. */
  write(record: Uint8Array): void {
    if (this.#state === "closed") return;
    this.#queue.push(record);
    if (this.#state !== "idle") return;
    this.#state = "scheduled";
    queueMicrotask(() => this.#flush());
  }

  /** Resolves once all that is queued is in the channel; fails with `link-lost`. One promise serves a whole tick. */
  settled(): Promise<void> {
    if (this.#state === "closed") return Promise.reject(linkLost("it is closed"));
    if (this.#queue.length === 0) return Promise.resolve();
    this.#handedOver ??= deferred();
    return this.#handedOver.promise;
  }

  /** The channel's buffer fell below {@link lowWaterBytes}. */
  resume(): void {
    if (this.#state === "blocked") this.#flush();
  }

  /** Sends what is queued, whatever the buffer says, and takes no more. */
  finish(): void {
    if (this.#state === "closed") return;
    this.#sendQueued(Number.POSITIVE_INFINITY);
    this.#handedOver?.resolve();
    this.close("the link is closed");
  }

  /** Drops what is queued, and fails those who wait for it with `link-lost`. */
  close(reason: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#queue = [];
    this.#handedOver?.reject(linkLost(reason));
    this.#handedOver = undefined;
  }

  #flush(): void {
    if (this.#state === "closed") return;
    this.#sendQueued(highWaterBytes);
    if ((this.#state as string) === "closed") return;
    if (this.#queue.length > 0) {
      this.#state = "blocked";
      return;
    }
    this.#state = "idle";
    this.#handedOver?.resolve();
    this.#handedOver = undefined;
  }

  #sendQueued(mostBuffered: number): void {
    let next = 0;
    try {
      while (next < this.#queue.length && this.#sink.bufferedAmount < mostBuffered) {
        const first = next;
        let length = 0;
        while (next < this.#queue.length) {
          length += (this.#queue[next] as Uint8Array).length;
          if (length > limits.frameBytes && next > first) break;
          next++;
        }
        const records = this.#queue.slice(first, next);
        this.#sink.send(records.length === 1 ? (records[0] as Uint8Array) : concatBytes(...records));
      }
      this.#queue.splice(0, next);
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
    }
  }
}

function linkLost(reason: string): SkeinError {
  return new SkeinError("link-lost", `The link ended before this was sent: ${reason}.`);
}
