import { platformEngine } from "@skein/client";
import type { Signal } from "@skein/protocol";
import { platformClock } from "../../../packages/client/src/clock.ts";
import { DirectPath } from "../../../packages/client/src/direct/direct-path.ts";

export interface GlareOutcome {
  /** Channels that opened, and that were lost before the end. */
  readonly opened: number;
  readonly lost: number;
}

/**
 * One side of a direct path whose both sides insist on offering first, at the same instant. Below the room, because a room
 * has a rule against that: here the rule is broken on purpose.
 */
export class GlareSide {
  readonly #path: DirectPath;
  readonly #done: Promise<GlareOutcome>;
  #channel: RTCDataChannel | undefined;
  #words = 0;
  #heard: () => void = () => {};
  #opened = 0;
  #lost = 0;

  private constructor(
    engine: Awaited<ReturnType<typeof platformEngine>>,
    polite: boolean,
    send: (signal: Signal) => void,
  ) {
    let finish: (outcome: GlareOutcome) => void = () => {};
    this.#done = new Promise((resolve) => {
      finish = resolve;
    });
    this.#path = new DirectPath({
      engine,
      iceServers: () => [],
      polite,
      preferred: true,
      generation: 0,
      clock: platformClock,
      roll: Math.random,
      send,
      listener: {
        channelOpened: (channel) => {
          this.#opened++;
          this.#channel = channel;
          channel.onmessage = () => {
            this.#words++;
            this.#heard();
            this.#path.confirm();
            finish({ opened: this.#opened, lost: this.#lost });
          };
          channel.send(new Uint8Array([1]));
        },
        refused: () => {},
        denounced: () => {},
        attemptFailed: () => {},
        channelLost: () => {
          if (this.#opened > 0) this.#lost++;
        },
      },
    });
  }

  static async create(polite: boolean, send: (signal: Signal) => void): Promise<GlareSide> {
    return new GlareSide(await platformEngine(), polite, send);
  }

  start(): void {
    this.#path.start();
  }

  receive(signal: Signal): void {
    this.#path.receive(signal);
  }

  /** Resolves when a word of the other side came through the channel. */
  done(): Promise<GlareOutcome> {
    return this.#done;
  }

  restart(): void {
    this.#path.restart();
  }

  /** Says a word, and resolves with what became of the channel when so many of the other side's came. */
  async speak(words: number): Promise<GlareOutcome> {
    this.#channel?.send(new Uint8Array([1]));
    while (this.#words < words) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return { opened: this.#opened, lost: this.#lost };
  }

  close(): void {
    this.#path.close();
  }
}
