import {
  type Close,
  decodeFrame,
  encodeClose,
  encodeHello,
  encodePing,
  encodePong,
  type Hello,
  type Rejected,
  type WireRecord,
} from "@skein/protocol";
import { Alarm, type Clock } from "../clock.js";
import {
  type LivenessEffect,
  type LivenessEvent,
  type LivenessState,
  livenessDeadline,
  roundTripMs,
  startLiveness,
  stepLiveness,
} from "../core/liveness.js";
import type { Step } from "../core/machine.js";
import { Session } from "../core/session.js";
import { type FrameSink, FrameWriter } from "./frame-writer.js";

export interface LinkListener {
  /** The other side said HELLO: messages can go. */
  up(theirs: Hello): void;
  payload(payload: Uint8Array): void;
  /** Over, once. `close` where the other side said so. After {@link Link.close} only for that. */
  down(reason: string, close?: Close): void;
  /** Bytes were turned away. */
  rejected(rejection: Rejected): void;
}

/** What went through a link. Bytes are of frames, as the path carried them. */
export interface LinkTraffic {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly payloadsSent: number;
  readonly payloadsReceived: number;
}

/**
 * The conversation with one peer, over one path. It says HELLO first, then numbered payloads; it asks for itself whether
 * the other side still answers.
 */
export class Link {
  readonly #listener: LinkListener;
  readonly #clock: Clock;
  readonly #writer: FrameWriter;
  readonly #session: Session;
  readonly #alarm: Alarm;
  /** `closing`: we said goodbye, and wait for the other side's, or for its path to close. */
  #phase: "greeting" | "up" | "closing" | "closed" = "greeting";
  #liveness: LivenessState;
  #bytesSent = 0;
  #bytesReceived = 0;

  constructor(options: { sink: FrameSink; hello: Hello; clock: Clock; listener: LinkListener }) {
    const { sink, hello, clock, listener } = options;
    this.#listener = listener;
    this.#clock = clock;
    this.#writer = new FrameWriter(this.#counting(sink), (reason) => this.#end(reason));
    this.#session = new Session({
      transmit: (record) => this.#writer.write(record),
      deliver: (payload) => this.#listener.payload(payload),
      violate: (reason) => this.refuse(reason),
    });
    this.#alarm = new Alarm(clock, () => this.#live({ type: "woke" }));
    this.#writer.write(encodeHello(hello));
    const first = startLiveness(clock.nowMs());
    this.#liveness = first.state;
    this.#follow(first);
  }

  /** It was asked whether the other side is still there, and asked again: every link is asked once, time and again. */
  get isDoubtful(): boolean {
    const { phase } = this.#liveness;
    return phase === "lost" || (phase === "asked" && this.#liveness.askedAgainMs !== undefined);
  }

  /** The smoothed round trip, in milliseconds. */
  get rttMs(): number | undefined {
    return roundTripMs(this.#liveness);
  }

  get traffic(): LinkTraffic {
    const { sent, received } = this.#session.counts;
    return {
      bytesSent: this.#bytesSent,
      bytesReceived: this.#bytesReceived,
      payloadsSent: sent,
      payloadsReceived: received,
    };
  }

  /** Numbers the payloads and queues them. Resolves once the path has them; fails with `link-lost`. */
  send(...payloads: readonly Uint8Array[]): Promise<void> {
    for (const payload of payloads) this.#session.send(payload);
    this.#live({ type: "busy" });
    return this.#writer.settled();
  }

  /** A frame came in. */
  receive(frame: Uint8Array): void {
    if (this.#phase === "closed") return;
    this.#bytesReceived += frame.length;
    const records = decodeFrame(frame);
    if (!records.ok) {
      this.#listener.rejected(records);
      return this.refuse(records.reason);
    }
    this.#live({ type: "heard" });
    for (const record of records.value) {
      // Between goodbyes only theirs counts.
      if (!this.#isOver || (this.#phase === "closing" && record.type === "close")) this.#handle(record);
    }
  }

  /** The path has room again. */
  resume(): void {
    this.#writer.resume();
  }

  /** There is reason to doubt that the other side is still there: ask now. */
  doubt(): void {
    this.#live({ type: "doubt" });
  }

  /** The path is gone. */
  lose(reason: string): void {
    this.#end(reason);
  }

  /** The other side broke a rule: tell it, and end the link. */
  refuse(reason: string): void {
    if (this.#isOver) return;
    this.#writer.write(encodeClose({ code: "bad-message", reason }));
    this.#writer.finish();
    this.#end(reason);
  }

  /** Says goodbye, behind all that was sent, and takes nothing more. */
  close(close: Close): void {
    if (this.#isOver) return;
    this.#writer.write(encodeClose(close));
    this.#writer.finish();
    this.#phase = "closing";
    this.#alarm.set(undefined);
  }

  #handle(record: WireRecord): void {
    switch (record.type) {
      case "hello":
        if (this.#phase !== "greeting") return this.refuse("a second HELLO");
        this.#phase = "up";
        return this.#listener.up(record.hello);
      case "data":
        if (this.#phase !== "up") return this.refuse("data before HELLO");
        this.#live({ type: "busy" });
        return this.#session.receive(record);
      case "ping":
        this.#writer.write(encodePong(record.token));
        return;
      case "pong":
        return this.#live({ type: "pong", token: record.token });
      case "close":
        return this.#end(record.close.reason, record.close);
    }
  }

  get #isOver(): boolean {
    return this.#phase === "closing" || this.#phase === "closed";
  }

  #live(event: LivenessEvent): void {
    if (!this.#isOver) this.#follow(stepLiveness(this.#liveness, event, this.#clock.nowMs()));
  }

  #follow({ state, effects }: Step<LivenessState, LivenessEffect>): void {
    this.#liveness = state;
    this.#alarm.set(livenessDeadline(state)?.atMs);
    for (const effect of effects) {
      if (effect.type === "ping") this.#writer.write(encodePing(effect.token));
      else this.#end(`nothing came back for ${Math.round(effect.silentMs / 1000)} s`);
    }
  }

  #end(reason: string, close?: Close): void {
    if (this.#phase === "closed") return;
    this.#finish(reason);
    this.#listener.down(reason, close);
  }

  #finish(reason: string): void {
    this.#phase = "closed";
    this.#alarm.set(undefined);
    this.#writer.close(reason);
  }

  #counting(sink: FrameSink): FrameSink {
    const count = (bytes: number) => {
      this.#bytesSent += bytes;
    };
    return {
      get bufferedAmount() {
        return sink.bufferedAmount;
      },
      send(frame) {
        sink.send(frame);
        count(frame.length);
      },
    };
  }
}
