import { type IceServer, limits, type Signal } from "@skein/protocol";
import { Alarm, type Clock } from "../clock.js";
import {
  type DialingEffect,
  type DialingEvent,
  type DialingState,
  dialingDeadline,
  isOpen,
  startDialing,
  stepDialing,
} from "../core/dialing.js";
import {
  type NegotiationEffect,
  type NegotiationEvent,
  type NegotiationState,
  startNegotiation,
  stepNegotiation,
} from "../core/negotiation.js";
import type { Engine } from "../engine/engine.js";
import { type CandidatePair, Connection, type ConnectionListener } from "./connection.js";

export interface DirectPathOptions {
  readonly engine: Engine;
  readonly iceServers: () => readonly IceServer[];
  /** Gives way when two offers cross. */
  readonly polite: boolean;
  /** Offers first. */
  readonly preferred: boolean;
  /** The last generation known of this pair, where it met before under the same keys. */
  readonly generation: number;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly roll: () => number;
  /** Carries a signal to the other side. */
  readonly send: (signal: Signal) => void;
  readonly listener: DirectPathListener;
}

export interface DirectPathListener {
  /**
   * A channel is open on our side. Say {@link DirectPath.confirm} when frames came through it. `lossy` is the one for the lossy
   * lane, which may open later, or never.
   */
  channelOpened(channel: RTCDataChannel, lossy: RTCDataChannel | undefined): void;
  /** The platform wouldn't open a connection: its error's name. Another attempt is on the way, and will hardly fare better. */
  refused(errorName: string): void;
  /** That channel, or the attempt to have one, is over. */
  channelLost(reason: string): void;
  /** There is reason to think that the path is dead: the engine has said so for a while. */
  denounced(reason: string): void;
  /** An attempt came to nothing, and the next one waits for its time. */
  attemptFailed(): void;
}

/** Keeps trying for a direct path to one peer, for as long as it isn't closed. */
export class DirectPath {
  readonly #options: DirectPathOptions;
  readonly #alarm: Alarm;
  #negotiation: NegotiationState;
  #dialing: DialingState;
  #connection: Connection | undefined;

  constructor(options: DirectPathOptions) {
    this.#options = options;
    const { polite, preferred, generation, engine, clock } = options;
    const { rollback, restart } = engine;
    this.#negotiation = startNegotiation({ polite, rollback, restart: restart && rollback, generation });
    this.#dialing = startDialing(preferred, clock.nowMs());
    this.#alarm = new Alarm(clock, () => this.#dial({ type: "woke" }));
  }

  start(): void {
    this.#dial({ type: "woke" });
  }

  get generation(): number {
    return this.#negotiation.generation;
  }

  /** A signal from the other side. */
  receive(signal: Signal): void {
    this.#negotiate({ type: "signal", signal });
  }

  /** A signal of ours didn't reach the other side. */
  undelivered(): void {
    this.#negotiate({ type: "undelivered" });
  }

  /** Frames go both ways: the path counts. */
  confirm(): void {
    this.#dial({ type: "opened" });
  }

  /**
   * Looks for another way for the connection there is, where it is open and the engine can. The other side must be able to,
   * and signals must go.
   */
  restart(): void {
    if (this.#isOpen) this.#negotiate({ type: "restart" });
  }

  /** The path is of no more use, whatever the engine says: drop it and try for another. */
  abandon(reason: string): void {
    this.#lose(reason);
  }

  /**
   * Where there is no channel: the server is back, or the network another one, so an attempt that is under way begins anew, and
   * one that waits for its time begins soon.
   */
  retry(reason: string): void {
    if (this.#isOpen) return;
    this.#abandon(reason);
    this.#dial({ type: "retry", roll: this.#options.roll() });
  }

  selectedPair(): Promise<CandidatePair | undefined> {
    return this.#connection?.selectedPair() ?? Promise.resolve(undefined);
  }

  /** Keeps what is open, and tries for nothing more: the last word is being said. */
  retire(): void {
    this.#dial({ type: "end" });
  }

  close(): void {
    this.retire();
    this.#connection?.close();
    this.#connection = undefined;
  }

  #dial(event: DialingEvent): void {
    const { state, effects } = stepDialing(this.#dialing, event, this.#options.clock.nowMs());
    this.#dialing = state;
    for (const effect of effects) this.#carryOutDialing(effect);
    this.#alarm.set(dialingDeadline(this.#dialing)?.atMs);
  }

  #carryOutDialing(effect: DialingEffect): void {
    switch (effect.type) {
      case "dial":
        return this.#negotiate({ type: "dial" });
      case "give-up":
        return this.#lose("the attempt took too long");
      case "denounce":
        return this.#options.listener.denounced("the engine says disconnected");
    }
  }

  #negotiate(event: NegotiationEvent): void {
    if (this.#dialing.phase === "ended") return;
    const before = this.#negotiation;
    const { state, effects } = stepNegotiation(before, event);
    this.#negotiation = state;
    for (const effect of effects) this.#carryOut(effect);
    // To answer a restart is no attempt: the path stays open meanwhile.
    const isRestart = state.generation === before.generation && this.#isOpen;
    if (state.phase === "answering" && before.phase !== "answering" && !isRestart) this.#dial({ type: "answering" });
    // The other side hung up: what we had is gone, and we may dial again.
    if (state.phase === "idle" && event.type === "signal" && before.phase !== "idle") this.#lost("the peer hung up");
  }

  get #isOpen(): boolean {
    return isOpen(this.#dialing);
  }

  #carryOut(effect: NegotiationEffect): void {
    switch (effect.type) {
      case "open":
        return this.#open(effect.generation);
      case "make-offer":
        return this.#connection?.makeOffer(effect.number);
      case "make-answer":
        return this.#connection?.makeAnswer(effect.number, effect.sdp);
      case "take-answer":
        return this.#connection?.takeAnswer(effect.sdp);
      case "add-candidates":
        return this.#connection?.addCandidates(effect.list);
      case "send":
        return this.#options.send(effect.signal);
      case "close":
        this.#connection?.close();
        this.#connection = undefined;
    }
  }

  #open(generation: number): void {
    if (this.#connection !== undefined) {
      this.#connection.close();
      this.#connection = undefined;
      this.#options.listener.channelLost("another connection took its place");
      // Whoever heard that may have closed us.
      if (this.#dialing.phase === "ended") return;
    }
    const { engine, iceServers } = this.#options;
    const listener = this.#listenTo(generation);
    try {
      this.#connection = new Connection(engine, iceServers, listener);
    } catch (error) {
      // Platforms throw at an ICE server's address that they can't read, and at one connection too many. Told later, as
      // every other end of a connection is: the step that opens it is still under way. By name alone, since the text may
      // hold that address, and the reason travels to the peer.
      const name = error instanceof Error ? error.name : typeof error;
      queueMicrotask(() => {
        this.#options.listener.refused(name);
        listener.ended(`the platform refused a connection (${name})`);
      });
    }
  }

  #listenTo(generation: number): ConnectionListener {
    return {
      offerMade: (number, sdp) => this.#negotiate({ type: "offer-made", generation, number, sdp }),
      answerMade: (number, sdp) => this.#negotiate({ type: "answer-made", generation, number, sdp }),
      candidatesFound: (fragment, list) => this.#negotiate({ type: "candidates-found", generation, fragment, list }),
      channelOpened: (channel, lossy) => this.#options.listener.channelOpened(channel, lossy),
      wavered: (isDisconnected) => this.#dial({ type: isDisconnected ? "wavered" : "steadied" }),
      ended: (reason) => {
        if (generation === this.#negotiation.generation) this.#lose(reason);
      },
    };
  }

  #lose(reason: string): void {
    this.#abandon(reason);
    this.#lost(reason);
  }

  /** Drops the connection there is, and tells the other side. */
  #abandon(reason: string): void {
    const { generation } = this.#negotiation;
    this.#negotiate({ type: "abandoned", generation, reason: reason.slice(0, limits.nameLength) });
  }

  #lost(reason: string): void {
    const wasOpen = this.#isOpen;
    this.#options.listener.channelLost(reason);
    this.#dial({ type: "lost", roll: this.#options.roll() });
    if (!wasOpen && this.#dialing.phase === "waiting") this.#options.listener.attemptFailed();
  }
}
