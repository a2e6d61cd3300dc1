import {
  type Acknowledgement,
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
import { type FrameSink, FrameWriter, pauseOf } from "./frame-writer.js";
import { LossyWriter } from "./lossy-writer.js";

/** What a path asks of its link, and tells it. */
export interface PathListener {
  /** The next frame of the link, of at most so many bytes. Asked only once the path is {@link Path.carry carrying}. */
  pull(mostBytes: number): Uint8Array | undefined;
  hello(theirs: Hello): void;
  data(record: Extract<WireRecord, { type: "data" }>, nowMs: number): void;
  /** All data of a frame was given. */
  dataTaken(): void;
  lossy(record: Extract<WireRecord, { type: "lossy" }>): void;
  /** Gives whether the other side has more than we knew. */
  acknowledged(theirs: Acknowledgement): boolean;
  /** The other side asked whether we are still there. */
  asked(): void;
  /** Whether the other side answers, where that changed: `suspect` has left a question open for too long. */
  judged(trust: "trusted" | "suspect", reason: string): void;
  /** Over, once. `close` where the other side said so. After {@link Path.close} only for that. */
  down(reason: string, close?: Close): void;
  /** Bytes were turned away. */
  rejected(rejection: Rejected): void;
  /** The other side broke a rule, and was told: the path is over, and the link can't go on. */
  violated(reason: string): void;
}

/** How often a side may say HELLO on one path: once, and again for each time that either began anew meanwhile. */
const hellosMost = 4;

/** One way for a link's frames to travel. It asks for itself whether the other side still answers. */
export class Path {
  readonly #listener: PathListener;
  readonly #clock: Clock;
  readonly #writer: FrameWriter;
  readonly #lossy: LossyWriter;
  readonly #alarm: Alarm;
  readonly #restsQuietly: boolean;
  /**
   * `resting`: it could carry, and another does · `closing`: we said goodbye, and wait for the other side's, or for the channel
   * to close.
   */
  #phase: "greeting" | "carrying" | "resting" | "closing" | "closed" = "greeting";
  #liveness: LivenessState;
  /** Why it is suspect, where someone said so. */
  #denounced: string | undefined;
  #hellos = 0;
  #bytesSent = 0;
  #bytesReceived = 0;

  /** @param options.restsQuietly at rest it asks nothing: what it would say costs someone. */
  constructor(options: { sink: FrameSink; clock: Clock; restsQuietly?: boolean; listener: PathListener }) {
    const { sink, clock, restsQuietly = false, listener } = options;
    this.#listener = listener;
    this.#restsQuietly = restsQuietly;
    this.#clock = clock;
    const counted = counting(sink, (bytes) => {
      this.#bytesSent += bytes;
    });
    const end = (reason: string) => this.#end(reason);
    const pull = (mostBytes: number) => (this.#phase === "carrying" ? listener.pull(mostBytes) : undefined);
    const pause = pauseOf(clock);
    this.#writer = new FrameWriter(counted, pull, pause, end);
    this.#lossy = new LossyWriter(counted, pause, end);
    this.#alarm = new Alarm(clock, () => this.#live({ type: "woke" }));
    const first = startLiveness(clock.nowMs());
    this.#liveness = first.state;
    this.#follow(first);
  }

  /** It answered what it was asked last. */
  get isTrusted(): boolean {
    return this.#liveness.phase === "trusted";
  }

  /** It left a question open for too long: every path is asked once, time and again. */
  get isSuspect(): boolean {
    return this.#liveness.phase === "suspect" || this.#liveness.phase === "lost";
  }

  /** The smoothed round trip, in milliseconds. */
  get rttMs(): number | undefined {
    return roundTripMs(this.#liveness);
  }

  /** Bytes of frames. */
  get bytes(): { readonly sent: number; readonly received: number } {
    return { sent: this.#bytesSent, received: this.#bytesReceived };
  }

  greet(hello: Hello): void {
    this.#writer.write(encodeHello(hello));
  }

  /** Both sides know where to go on from: frames may go. */
  carry(): void {
    if (this.#isOver) return;
    const wasQuiet = this.#phase === "resting" && this.#restsQuietly;
    this.#phase = "carrying";
    if (wasQuiet) this.#live({ type: "recalled" });
    this.#writer.wake();
  }

  /** Both sides know where to go on from, and another path carries the frames. */
  rest(): void {
    if (this.#isOver) return;
    this.#phase = "resting";
    this.#arm();
  }

  /** The link has something to say. */
  wake(): void {
    if (this.#phase === "carrying") this.#writer.wake();
  }

  /** Whether a lossy record would go now. */
  get hasLossyRoom(): boolean {
    return this.#phase === "carrying" && this.#lossy.hasRoom;
  }

  /** Sends a lossy record, or drops it where {@link Path.hasLossyRoom} is false. */
  sendLossy(record: Uint8Array): void {
    if (this.#phase === "carrying" && this.#lossy.write(record)) this.#live({ type: "busy" });
  }

  /** A message of so many bytes waits to be carried. From now on silence is suspicious sooner. */
  offer(bytes: number): void {
    if (this.#phase !== "carrying" || this.#writer.wake(bytes)) this.#live({ type: "busy" });
  }

  /** A frame came in on the channel for the lossy lane. */
  receiveLossy(frame: Uint8Array): void {
    this.#receive(frame, (record, nowMs) => {
      if (record.type === "lossy") this.#handle(record, nowMs);
      else this.#violated(`a record of type ${record.type} on the channel for the lossy lane`);
    });
  }

  /** A frame came in. */
  receive(frame: Uint8Array): void {
    this.#receive(frame, (record, nowMs) => this.#handle(record, nowMs));
  }

  #receive(frame: Uint8Array, handle: (record: WireRecord, nowMs: number) => void): void {
    if (this.#phase === "closed") return;
    this.#bytesReceived += frame.length;
    const records = decodeFrame(frame);
    if (!records.ok) {
      this.#listener.rejected(records);
      return this.#violated(records.reason);
    }
    this.#live({ type: "heard" });
    const nowMs = this.#clock.nowMs();
    for (const record of records.value) {
      // Between goodbyes only theirs counts.
      if (!this.#isOver || (this.#phase === "closing" && record.type === "close")) handle(record, nowMs);
    }
    if (this.#isOver || !records.value.some(({ type }) => type === "data")) return;
    this.#live({ type: "busy" });
    this.#listener.dataTaken();
  }

  /** The channel has room again. */
  resume(): void {
    this.#writer.resume();
  }

  /** There is reason to doubt that the other side is still there: ask now. */
  doubt(): void {
    this.#live({ type: "doubt" });
  }

  /** There is reason to think that the path is dead. */
  denounce(reason: string): void {
    this.#denounced = reason;
    this.#live({ type: "denounced" });
  }

  /** The channel is gone. */
  lose(reason: string): void {
    this.#end(reason);
  }

  /** The other side broke a rule: tell it, and end. */
  refuse(reason: string): void {
    if (this.#isOver) return;
    this.#writer.finish(encodeClose({ code: "bad-message", reason: reason.slice(0, 256) }));
    this.#end(reason);
  }

  /** Says goodbye, and takes nothing more. */
  close(close: Close): void {
    if (this.#isOver) return;
    this.#lossy.flush();
    this.#writer.finish(encodeClose(close));
    // A channel that throws has ended the path at once.
    if (this.#isOver) return;
    this.#phase = "closing";
    this.#alarm.set(undefined);
  }

  #violated(reason: string): void {
    if (this.#isOver) return;
    this.refuse(reason);
    this.#listener.violated(reason);
  }

  #handle(record: WireRecord, nowMs: number): void {
    switch (record.type) {
      case "hello":
        if (++this.#hellos > hellosMost) return this.#violated("too many HELLOs");
        return this.#listener.hello(record.hello);
      case "data":
        if (this.#phase === "greeting") return this.#violated("data before HELLO");
        return this.#listener.data(record, nowMs);
      case "lossy":
        // On a channel of its own it may pass HELLO: nobody knows yet whose it is.
        if (this.#phase === "greeting") return;
        this.#live({ type: "busy" });
        return this.#listener.lossy(record);
      case "acknowledgement":
        if (this.#phase === "greeting") return this.#violated("an acknowledgement before HELLO");
        if (this.#listener.acknowledged(record.acknowledgement)) this.#live({ type: "progress" });
        return;
      case "ping":
        this.#writer.write(encodePong(record.token));
        return this.#listener.asked();
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
    const before = this.#liveness.phase;
    this.#liveness = state;
    this.#arm();
    for (const effect of effects) {
      if (effect.type === "ping") this.#writer.write(encodePing(effect.token));
      else this.#end(`nothing came back for ${Math.round(effect.silentMs / 1000)} s`);
    }
    if (state.phase !== before) this.#tellTrust(state.phase);
  }

  #tellTrust(phase: LivenessState["phase"]): void {
    const reason = this.#denounced ?? "nothing came back";
    if (phase === "suspect") this.#listener.judged("suspect", reason);
    if (phase !== "trusted") return;
    this.#denounced = undefined;
    this.#listener.judged("trusted", "it answers");
  }

  #arm(): void {
    const isQuiet = this.#isOver || (this.#phase === "resting" && this.#restsQuietly);
    this.#alarm.set(isQuiet ? undefined : livenessDeadline(this.#liveness)?.atMs);
  }

  #end(reason: string, close?: Close): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#alarm.set(undefined);
    this.#writer.close();
    this.#lossy.close();
    this.#listener.down(reason, close);
  }
}

/** The same sink, which tells how much goes through it. */
function counting(sink: FrameSink, count: (bytes: number) => void): FrameSink {
  return {
    get bufferedAmount() {
      return sink.bufferedAmount;
    },
    send(frame) {
      sink.send(frame);
      count(frame.length);
    },
    get lossy() {
      return sink.lossy && counting(sink.lossy, count);
    },
  };
}
