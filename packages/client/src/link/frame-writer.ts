import { concatBytes, limits } from "@skein/protocol";
import type { Clock } from "../clock.js";

/** The sending half of a path, as a data channel has it. */
export interface FrameSink {
  readonly bufferedAmount: number;
  /** Sends one frame whole. May throw where the channel is closed. */
  send(frame: Uint8Array): void;
  /** Beside it, a channel that may lose frames, and holds none up: for the lossy lane, while it is open. */
  readonly lossy?: FrameSink | undefined;
}

/** Above this much in the channel's buffer, frames wait: what is in it already can't be overtaken. Chromium kills a channel at 16 MiB. */
const highWaterBytes = 512 * 1024;
/** Below this, they go on: enough that the engine never runs dry. */
export const lowWaterBytes = 128 * 1024;

/** Messages that follow each other share a frame, up to about this much: beyond it, a larger frame gains nothing. */
const gatherBytes = 16 * 1024;
/** How a writer waits for what may still come in the same run. */
export interface Pause {
  /** After so many in which nothing came, nothing will. */
  readonly quietMost: number;
  before(goOn: () => void): void;
}

const tick = Promise.resolve();
/** An app that awaits each send takes a few microtasks from one to the next. */
const microtask: Pause = { quietMost: 4, before: (goOn) => void tick.then(goOn) };

/** In a simulated world, the moment when all has come to rest; elsewhere some microtasks. */
export function pauseOf({ atRest }: Clock): Pause {
  return atRest === undefined ? microtask : { quietMost: 1, before: atRest };
}

/**
 * A path's own records that may wait for its channel. A side says a handful of them; but it answers each question, and who asks without
 * end and lets the channel fill gets no answer to some.
 */
const recordsMost = 256;

/** Gives the next frame of at most so many bytes, while there is one. */
export type FrameSource = (mostBytes: number) => Uint8Array | undefined;

/**
 * Keeps a channel's buffer filled, and not too full: first with the path's own records (HELLO, PING, …), then with frames
 * that it pulls from the link, at the last moment, so that what matters more still goes first.
 */
export class FrameWriter {
  readonly #sink: FrameSink;
  readonly #source: FrameSource;
  readonly #pause: Pause;
  readonly #failed: (reason: string) => void;
  #records: Uint8Array[] = [];
  #state: "idle" | "scheduled" | "blocked" | "closed" = "idle";
  /** While scheduled: what came together, and for how many pauses nothing did. */
  #gatheredBytes = 0;
  #quiet = 0;

  constructor(sink: FrameSink, source: FrameSource, pause: Pause, failed: (reason: string) => void) {
    this.#sink = sink;
    this.#pause = pause;
    this.#source = source;
    this.#failed = failed;
  }

  /** Queues a record of the path's own: they are few and small. Where too many wait, it is dropped. */
  write(record: Uint8Array): void {
    if (this.#records.length >= recordsMost) return;
    this.#records.push(record);
    this.wake();
  }

  /**
   * There may be something to send, of so many bytes: what comes in one run goes out together, before the tick ends. Gives
   * whether these are the first bytes of a run.
   */
  wake(bytes = 0): boolean {
    this.#gatheredBytes += bytes;
    this.#quiet = 0;
    if (this.#state === "idle") {
      this.#state = "scheduled";
      this.#gather();
    }
    return this.#gatheredBytes === bytes;
  }

  /** The channel's buffer fell below {@link lowWaterBytes}. */
  resume(): void {
    if (this.#state === "blocked") this.#flush();
  }

  /** Sends all that may go, whatever the buffer says (a window bounds it), then a last record, and nothing more. */
  finish(last: Uint8Array): void {
    if (this.#state === "closed") return;
    this.#guard(() => {
      this.#sendRecords();
      for (let frame = this.#source(limits.frameBytes); frame !== undefined; frame = this.#source(limits.frameBytes)) {
        this.#sink.send(frame);
      }
      this.#sink.send(last);
    });
    this.close();
  }

  close(): void {
    this.#state = "closed";
    this.#records = [];
  }

  readonly #gather = (): void => {
    if (this.#gatheredBytes < gatherBytes && this.#quiet++ < this.#pause.quietMost) this.#pause.before(this.#gather);
    else this.#flush();
  };

  #flush(): void {
    if (this.#state === "closed") return;
    this.#gatheredBytes = 0;
    this.#guard(() => {
      const next = this.#fill();
      // Sending may have ended the path meanwhile: closed is for good.
      if (!this.#isClosed()) this.#state = next;
    });
  }

  /** Sends until nothing is left, or until the buffer is full; gives which. */
  #fill(): "idle" | "blocked" {
    while (!this.#isClosed()) {
      this.#sendRecords();
      if (this.#sink.bufferedAmount >= highWaterBytes) return "blocked";
      const frame = this.#source(limits.frameBytes);
      if (frame !== undefined) this.#sink.send(frame);
      // A channel that delivers at once may have brought records while we sent.
      else if (this.#records.length === 0) break;
    }
    return "idle";
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #sendRecords(): void {
    if (this.#records.length > 0) this.#sink.send(concatBytes(...this.#records.splice(0)));
  }

  #guard(send: () => void): void {
    try {
      send();
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
    }
  }
}
