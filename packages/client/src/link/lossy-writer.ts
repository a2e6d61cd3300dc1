import { concatBytes } from "@skein/protocol";
import { type FrameSink, lowWaterBytes, type Pause } from "./frame-writer.js";

/** Above this much in the buffer of a channel of its own, what is lossy would come too late. */
const lossyWaterBytes = 64 * 1024;
/** Records of one tick share frames of so many bytes at most: one message's. The loss of a frame is the loss of all in it. */
const frameBytes = 16 * 1024;

/**
 * The lossy half of a path: sends records that come in one run together, over the channel that may lose them where that is open,
 * among the path's other frames otherwise. Where too much waits there already, a record is dropped, and never queued: what
 * waits can't be overtaken, so the newest is the one to go.
 */
export class LossyWriter {
  readonly #sink: FrameSink;
  readonly #pause: Pause;
  readonly #failed: (reason: string) => void;
  #records: Uint8Array[] = [];
  #recordBytes = 0;
  #quiet = 0;

  /** @param failed the path's own channel threw. */
  constructor(sink: FrameSink, pause: Pause, failed: (reason: string) => void) {
    this.#sink = sink;
    this.#pause = pause;
    this.#failed = failed;
  }

  /** Whether a record would go now. */
  get hasRoom(): boolean {
    const { lossy } = this.#sink;
    const bufferedBytes = (lossy ?? this.#sink).bufferedAmount + this.#recordBytes;
    return bufferedBytes <= (lossy === undefined ? lowWaterBytes : lossyWaterBytes);
  }

  /** Sends a record with others of its tick; false where it is dropped. */
  write(record: Uint8Array): boolean {
    if (!this.hasRoom) return false;
    this.#records.push(record);
    this.#recordBytes += record.length;
    this.#quiet = 0;
    if (this.#records.length === 1) this.#gather();
    return true;
  }

  /** A moment longer than the path's other frames: what binds a type goes before what is of it. */
  readonly #gather = (): void => {
    if (this.#records.length > 0 && this.#quiet++ <= this.#pause.quietMost + 1) this.#pause.before(this.#gather);
    else this.flush();
  };

  /** Sends what waits for the end of the tick. */
  flush(): void {
    const records = this.#records.splice(0);
    this.#recordBytes = 0;
    try {
      for (const frame of framesOf(records)) (this.#sink.lossy ?? this.#sink).send(frame);
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
    }
  }

  /** What waits is lost. */
  close(): void {
    this.#records = [];
    this.#recordBytes = 0;
  }
}

function* framesOf(records: readonly Uint8Array[]): Generator<Uint8Array> {
  let first = 0;
  let bytes = 0;
  for (const [at, record] of records.entries()) {
    if (bytes + record.length > frameBytes && at > first) {
      yield concatBytes(...records.slice(first, at));
      first = at;
      bytes = 0;
    }
    bytes += record.length;
  }
  if (first < records.length) yield concatBytes(...records.slice(first));
}
