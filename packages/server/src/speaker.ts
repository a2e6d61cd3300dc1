import { type ErrorCode, encodeControl, type ServerMessage } from "@skein/protocol";
import type { ServerEvent } from "./events.js";
import type { Settings } from "./options.js";
import type { Outgoing } from "./outgoing.js";
import { type ClientSocket, openState } from "./socket.js";
import type { Counters, DropCode } from "./stats.js";
import { errorPacket } from "./words.js";

/** RFC 6455 §7.4.1. */
export const closeCode = { normal: 1000, goingAway: 1001, policy: 1008 } as const;

/** What a speaker has of its server. */
export interface SpeakerWorld {
  readonly settings: Settings;
  readonly counters: Counters;
  readonly log: (event: ServerEvent) => void;
}

/** What the server says to one client: answers, complaints and the goodbye; and what it notes of what it doesn't act upon. */
export class Speaker {
  readonly #number: number;
  readonly #socket: ClientSocket;
  readonly #outgoing: Outgoing;
  readonly #world: SpeakerWorld;

  /** @param number what the log calls the client's connection. */
  constructor(number: number, socket: ClientSocket, outgoing: Outgoing, world: SpeakerWorld) {
    this.#number = number;
    this.#socket = socket;
    this.#outgoing = outgoing;
    this.#world = world;
  }

  /** Sends what must arrive: where the client doesn't read, it is the connection that goes. */
  send(packet: Uint8Array): void {
    if (this.#outgoing.bufferedBytes > this.#world.settings.limits.bufferedBytes) return this.cut("slow-reader");
    this.#outgoing.send(packet);
  }

  say(message: ServerMessage): void {
    this.send(encodeControl(message));
  }

  /** What costs its sender nothing but the message. */
  complain(code: ErrorCode, message: string, retryAfterMs?: number): void {
    this.send(errorPacket(code, message, false, retryAfterMs));
  }

  /** Tells the client why it has to go, and closes. */
  dismiss(code: ErrorCode, message: string, retryAfterMs?: number): void {
    this.#world.log({ type: "ended", connection: this.#number, code });
    this.send(errorPacket(code, message, true, retryAfterMs));
    this.close(closeCode.policy, code);
  }

  /** Ends the connection without a word. The hub hears of it when the socket is closed, which is never at once. */
  cut(code: "slow-reader" | "silent"): void {
    if (this.#socket.readyState === openState) this.drop(code);
    this.#socket.terminate();
  }

  close(code: number, reason: string): void {
    // A socket that isn't read would never see the other side's close.
    this.#socket.resume();
    this.#socket.close(code, reason);
  }

  /** Notes that something wasn't acted upon. */
  drop(code: DropCode): void {
    this.#world.counters.drop(code);
    this.#world.log({ type: "dropped", connection: this.#number, code });
  }
}
