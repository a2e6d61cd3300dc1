import { laneCount, limits, SkeinError, type StreamPayload } from "@skein/protocol";
import { type ByteStream, StreamEnd, streamWindowBytes } from "./byte-stream.js";
import { accepted } from "./waiting-senders.js";

/** What to run for a stream that a peer opens. */
export type StreamHandler = (stream: ByteStream, from: unknown) => unknown;

/** What streams need of their link and their room. */
export interface StreamsWorld {
  transmit(lane: number, payload: StreamPayload): Promise<void>;
  handlerOf(name: string): StreamHandler | undefined;
  /** What a handler sees as the opener. */
  readonly peer: unknown;
  trouble(error: SkeinError): void;
  violate(reason: string): void;
}

/** The streams of one lane, by their numbers as we say them: even where we opened them, odd where the other side did. */
interface Lane {
  readonly ends: Map<number, StreamEnd>;
  nextOurs: number;
  nextTheirs: number;
}

/** All streams of a link. Each keeps to one lane, so that its words come in their order. */
export class Streams {
  readonly #world: StreamsWorld;
  readonly #lanes: readonly Lane[] = Array.from({ length: laneCount }, () => ({
    ends: new Map(),
    nextOurs: 0,
    nextTheirs: 1,
  }));
  /** Of the other side's streams, those that are over here, and whose last words wait for room: it can't know yet. */
  #lingering = 0;

  constructor(world: StreamsWorld) {
    this.#world = world;
  }

  /**
   * Opens a stream, and waits until the other side takes it.
   * @throws {SkeinError} `rate-limited`, `aborted`, `no-handler`, or what the other side's handler threw
   */
  async open(lane: number, name: string, signal: AbortSignal | undefined): Promise<ByteStream> {
    if (this.#count(0) >= limits.openStreams) {
      throw new SkeinError(
        "rate-limited",
        `${limits.openStreams} streams to this peer are open: end one of them first.`,
      );
    }
    if (signal?.aborted) throw aborted(signal);
    const own = this.#lanes[lane] as Lane;
    const stream = own.nextOurs;
    own.nextOurs += 2;
    const end = this.#add(lane, name, stream, 0);
    const abort = () => void end.refuse(aborted(signal));
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const asked = this.#world.transmit(lane, { kind: "stream-open", stream, credit: streamWindowBytes, name });
      await Promise.all([asked, end.accepted]);
      return end;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** A word of the other side about a stream. Gives what to wait for until it is dealt with. */
  receive(lane: number, payload: StreamPayload): Promise<unknown> | undefined {
    const own = this.#lanes[lane] as Lane;
    // Theirs are ours, seen from the other side.
    const stream = payload.stream % 2 === 0 ? payload.stream + 1 : payload.stream - 1;
    if (payload.kind === "stream-open") return this.#opened(lane, stream, payload);
    const end = own.ends.get(stream);
    const broken = end === undefined ? ruleOfGone(own, stream, payload) : end.receive(payload);
    if (broken !== undefined) this.#world.violate(broken);
    return undefined;
  }

  /** The link is lost. */
  lose(error: SkeinError): void {
    for (const { ends } of this.#lanes) {
      for (const end of ends.values()) end.lose(error);
      ends.clear();
    }
  }

  /** Resolves once the answer has found room in its lane: nobody makes us keep answers without end. */
  #opened(
    lane: number,
    stream: number,
    { name, credit }: Extract<StreamPayload, { kind: "stream-open" }>,
  ): Promise<unknown> | undefined {
    const own = this.#lanes[lane] as Lane;
    if (stream !== own.nextTheirs || this.#count(1) + this.#lingering >= limits.openStreams) {
      this.#world.violate("it opened a stream out of turn, or too many of them");
      return undefined;
    }
    own.nextTheirs += 2;
    const end = this.#add(lane, name, stream, credit);
    const handler = this.#world.handlerOf(name);
    if (handler === undefined) {
      return end.refuse(new SkeinError("no-handler", `The peer handles no stream named "${name}".`));
    }
    const taken = end.accept();
    void this.#run(handler, end);
    return taken;
  }

  async #run(handler: StreamHandler, end: StreamEnd): Promise<void> {
    try {
      await handler(end, this.#world.peer);
    } catch (cause) {
      const { name } = end;
      this.#world.trouble(new SkeinError("handler-failed", `The handler of streams named "${name}" threw.`, { cause }));
      const told = new SkeinError("handler-failed", `The peer's handler of streams named "${name}" failed.`);
      void end.refuse(SkeinError.is(cause) ? cause : told);
    }
  }

  #add(lane: number, name: string, stream: number, creditBytes: number): StreamEnd {
    const { ends } = this.#lanes[lane] as Lane;
    let last = accepted;
    const transmit = (payload: StreamPayload) => {
      last = this.#world.transmit(lane, payload);
      return last;
    };
    const over = () => {
      if (ends.delete(stream) && stream % 2 === 1) this.#linger(last);
    };
    const end = new StreamEnd({ transmit, over }, name, stream, creditBytes);
    ends.set(stream, end);
    return end;
  }

  #linger(last: Promise<void>): void {
    this.#lingering++;
    const gone = () => {
      this.#lingering--;
    };
    void last.then(gone, gone);
  }

  /** How many are open that we opened (0), or the other side (1). */
  #count(side: 0 | 1): number {
    let count = 0;
    for (const { ends } of this.#lanes) for (const stream of ends.keys()) if (stream % 2 === side) count++;
    return count;
  }
}

/** Of a stream that is over, a credit or a stop may have crossed our last word; nothing else can come. */
function ruleOfGone({ nextOurs, nextTheirs }: Lane, stream: number, { kind }: StreamPayload): string | undefined {
  const wasOpened = stream < (stream % 2 === 0 ? nextOurs : nextTheirs);
  const mayCross = kind === "stream-credit" || kind === "stream-stop";
  return wasOpened && mayCross ? undefined : "it spoke of a stream that isn't open";
}

function aborted(signal: AbortSignal | undefined): SkeinError {
  return new SkeinError("aborted", "The stream was given up by its caller before the peer took it.", {
    cause: signal?.reason,
  });
}
