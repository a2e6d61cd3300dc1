import { isErrorCode, SkeinError, type StreamPayload } from "@skein/protocol";
import { IncomingBytes } from "../core/incoming-bytes.js";
import { OutgoingBytes } from "../core/outgoing-bytes.js";
import { deferred } from "../deferred.js";

/** Bytes both ways between us and one peer. Each way ends by itself. */
export interface ByteStream {
  /** What its opener called it. */
  readonly name: string;
  /** What the peer writes. Reading grants it more; `cancel` tells it to stop. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What the peer reads: `Uint8Array`s of any length. `close` ends them, `abort` says that they aren't all. */
  readonly writable: WritableStream<Uint8Array>;
}

/** What a stream's end needs of its link. */
export interface StreamWorld {
  /** Resolves once the lane has room for more. */
  transmit(payload: StreamPayload): Promise<void>;
  /** Nothing more goes or comes. */
  over(): void;
}

/** How much of a stream may be under way, or wait for its reader. */
export const streamWindowBytes = 512 * 1024;
/** With its head, what a link doesn't cut: it arrives in one piece. */
const dataBytes = 16_000 - 16;
/** What a writer may give before it is told to wait. */
const writableBytes = 64 * 1024;

/** One end of a stream, as the platform's streams: what they ask for becomes payloads, and payloads what they give. */
export class StreamEnd implements ByteStream {
  readonly name: string;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #world: StreamWorld;
  readonly #stream: number;
  readonly #in = new IncomingBytes(streamWindowBytes);
  readonly #out: OutgoingBytes;
  readonly #accepted = deferred<void>();
  #credited = deferred<void>();
  #reading!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #writing!: WritableStreamDefaultController;
  /** A credit that waits for room in its lane: until it is gone, no other follows it there. */
  #crediting: "none" | "waiting" = "none";
  /** Whether the reader waits for something. */
  #demand: "none" | "waiting" = "none";

  /** @param stream its number, as we say it. @param creditBytes what the other side takes. */
  constructor(world: StreamWorld, name: string, stream: number, creditBytes: number) {
    this.#world = world;
    this.name = name;
    this.#stream = stream;
    this.#out = new OutgoingBytes(creditBytes);
    // Nothing is read ahead: what the reader doesn't ask for stays in the window. Not of the type "bytes", which Safari knows
    // since 26.4 alone.
    this.readable = new ReadableStream(
      {
        start: (controller) => {
          this.#reading = controller;
        },
        pull: () => this.#pull(),
        cancel: (reason) => this.#cancel(reason),
      },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream(
      {
        start: (controller) => {
          this.#writing = controller;
          // A write that waits must end before the platform lets its stream be aborted.
          controller.signal.addEventListener("abort", () => this.#credited.reject(controller.signal.reason));
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#close(),
        abort: (reason) => this.#reset(reason),
      },
      // The platform's own strategy fails at what isn't bytes, and the other side would never know.
      { highWaterMark: writableBytes, size: (chunk) => (chunk instanceof Uint8Array ? chunk.length : 1) },
    );
  }

  /** Resolves when the other side takes the stream. */
  get accepted(): Promise<void> {
    return this.#accepted.promise;
  }

  /** Takes the stream that the other side opened. Resolves once the lane has room for more. */
  accept(): Promise<void> {
    return this.#world.transmit({ kind: "stream-credit", stream: this.#stream, credit: streamWindowBytes });
  }

  /** What the other side says of the stream. Gives which rule it breaks, where it does. */
  receive(payload: StreamPayload): string | undefined {
    switch (payload.kind) {
      case "stream-data":
        return this.#in.take(payload.body) ?? this.#flow();
      case "stream-credit":
        return this.#granted(payload.credit);
      case "stream-end":
        return this.#in.finish("ended") ?? this.#flow();
      case "stream-reset":
        return this.#in.finish("reset") ?? this.#failReading(errorOf(payload));
      case "stream-stop":
        void this.#failWriting(errorOf(payload));
        return undefined;
      case "stream-open":
        return "it opened a stream twice";
    }
  }

  /** We want neither way of it: both sides' streams fail. Resolves once the lane has room for more. */
  refuse(error: SkeinError): Promise<void> {
    void this.#cancel(error);
    this.#reading.error(error);
    return this.#failWriting(error);
  }

  /** The link is lost, and what isn't whole with it. Nothing is said of it any more: the next link would take it for a stream of its own. */
  lose(error: SkeinError): void {
    if (!this.#in.isOver) this.#reading.error(error);
    this.#in.finish("reset");
    if (this.#out.finish()) this.#writing.error(error);
    this.#credited.reject(error);
    this.#accepted.reject(error);
  }

  #pull(): void {
    this.#demand = "waiting";
    this.#flow();
  }

  /** Gives the reader what it waits for, and the other side leave to send as much again. */
  #flow(): undefined {
    while (this.#demand === "waiting") {
      const bytes = this.#in.read();
      if (bytes === undefined) break;
      // The platform may ask for more from within.
      this.#demand = "none";
      this.#reading.enqueue(bytes);
    }
    if (this.#in.isDrained) this.#reading.close();
    this.#grant();
    this.#checkOver();
  }

  #grant(): void {
    const credit = this.#crediting === "none" ? this.#in.dueCredit() : undefined;
    if (credit === undefined) return;
    this.#crediting = "waiting";
    void this.#say({ kind: "stream-credit", stream: this.#stream, credit }).then(() => {
      this.#crediting = "none";
      this.#grant();
    });
  }

  #failReading(error: SkeinError): undefined {
    this.#reading.error(error);
    this.#accepted.reject(error);
    this.#checkOver();
  }

  #cancel(reason: unknown): Promise<void> {
    const wasOver = this.#in.isOver;
    this.#in.stop();
    if (wasOver) return Promise.resolve();
    return this.#say({ kind: "stream-stop", stream: this.#stream, ...whyOf(reason) });
  }

  #granted(creditBytes: number): undefined {
    this.#out.grant(creditBytes);
    this.#accepted.resolve();
    this.#credited.resolve();
    if (!this.#out.isOver) this.#credited = deferred();
  }

  async #write(chunk: unknown): Promise<void> {
    try {
      if (!(chunk instanceof Uint8Array))
        throw new SkeinError("bad-argument", "A stream carries bytes: write a Uint8Array.");
      for (let offset = 0; offset < chunk.length; ) {
        const bytes = this.#out.take(Math.min(dataBytes, chunk.length - offset));
        const body = chunk.subarray(offset, offset + bytes);
        if (this.#writing.signal.aborted) throw this.#writing.signal.reason;
        if (bytes === 0) await this.#credited.promise;
        else await this.#world.transmit({ kind: "stream-data", stream: this.#stream, body });
        offset += bytes;
      }
    } catch (error) {
      void this.#reset(error);
      throw error;
    }
  }

  #close(): Promise<void> {
    if (!this.#out.finish()) return Promise.resolve();
    const said = this.#world.transmit({ kind: "stream-end", stream: this.#stream });
    this.#checkOver();
    return said;
  }

  /** Nothing more goes, and the other side is told why. */
  #reset(reason: unknown): Promise<void> {
    if (!this.#out.finish()) return Promise.resolve();
    const said = this.#say({ kind: "stream-reset", stream: this.#stream, ...whyOf(reason) });
    this.#checkOver();
    return said;
  }

  #failWriting(error: SkeinError): Promise<void> {
    this.#writing.error(error);
    this.#credited.reject(error);
    this.#accepted.reject(error);
    return this.#reset(error);
  }

  /** For what nobody waits for: a link that is lost meanwhile fails the streams itself. */
  #say(payload: StreamPayload): Promise<void> {
    return this.#world.transmit(payload).catch(() => {});
  }

  #checkOver(): void {
    if (this.#in.isOver && this.#out.isOver) this.#world.over();
  }
}

/** What others are told of a reason: a SkeinError's own words, and nothing of any other. */
function whyOf(reason: unknown): { code: string; message: string } {
  if (SkeinError.is(reason) && isErrorCode(reason.code)) return { code: reason.code, message: reason.message };
  return { code: "aborted", message: "The peer gave the stream up." };
}

function errorOf({ code, message }: { readonly code: string; readonly message: string }): SkeinError {
  return new SkeinError(isErrorCode(code) ? code : "aborted", message);
}
