import type { ErrorCode } from "@skein/protocol";
import { comeBackMs } from "./commons.js";
import { Conduct } from "./core/conduct.js";
import type { Share } from "./core/shares.js";
import type { Incoming } from "./incoming.js";
import type { Speaker, SpeakerWorld } from "./speaker.js";
import type { DropCode } from "./stats.js";

/** Ends a connection whose client doesn't stop. */
export interface Limited {
  shutOut(code: ErrorCode, message: string, retryAfterMs?: number): void;
}

/** Keeps one client to its limits: has it wait, tells it so, and shuts it out in the end. */
export class Limiter {
  readonly #limited: Limited;
  readonly #incoming: Incoming;
  readonly #speaker: Speaker;
  readonly #world: SpeakerWorld;
  readonly #conduct: Conduct;

  constructor(limited: Limited, incoming: Incoming, speaker: Speaker, world: SpeakerWorld) {
    this.#limited = limited;
    this.#incoming = incoming;
    this.#speaker = speaker;
    this.#world = world;
    this.#conduct = new Conduct(world.settings.limits);
  }

  /** From now on these too are used up by what the client sends. */
  hold(...shares: readonly Share[]): void {
    this.#conduct.hold(...shares);
  }

  /** The client is gone. */
  release(): void {
    this.#conduct.release();
  }

  /** Nothing is held against a client that was let in. */
  forgive(): void {
    this.#conduct.forgive();
  }

  /** Gives back the memory of what isn't under way. */
  rest(nowMs: number): void {
    this.#conduct.rest(nowMs);
  }

  /** Where an address, an identity or a room has used up what it may, those who share it are read later, and lose nothing. */
  waitsForOthers(kind: "control" | "signal", packet: Buffer, nowMs: number): boolean {
    return this.#waits(packet, this.#conduct.sharedWaitMs(kind, packet.length, nowMs));
  }

  /** What comes too fast has its turn later: of relayed frames none may be missing. */
  mayRelay(packet: Buffer, nowMs: number): boolean {
    return !this.#waits(packet, this.#conduct.paceRelay(packet.length, nowMs));
  }

  maySignal(bytes: number, nowMs: number): boolean {
    return this.#passes(this.#conduct.admitSignal(bytes, nowMs));
  }

  mayControl(bytes: number, nowMs: number): boolean {
    return this.#passes(this.#conduct.admitControl(bytes, nowMs));
  }

  /** A message that can't be acted upon. */
  strike(code: DropCode, reason: string): void {
    this.#speaker.drop(code);
    this.#conduct.strike();
    if (this.#conduct.verdict === undefined) return this.#speaker.complain("bad-message", `Not acted upon: ${reason}.`);
    this.#limited.shutOut("bad-message", `Too many messages that can't be acted upon; the last: ${reason}.`);
  }

  /** More than there is room for came while something before it had to wait. */
  overflow(): void {
    this.#speaker.drop("over-limit");
    const message = "Too much came before the last message was dealt with: wait for the answer.";
    this.#limited.shutOut("rate-limited", message, comeBackMs);
  }

  /** Has a packet come again later, where it has to wait. */
  #waits(packet: Buffer, delayMs: number): boolean {
    // What a client said before it went counts, and it makes nobody wait any more.
    if (delayMs === 0 || !this.#incoming.isOpen) return false;
    this.#world.counters.delays++;
    this.#incoming.delay(packet, delayMs);
    return true;
  }

  #passes(retryAfterMs: number): boolean {
    if (retryAfterMs === 0) return true;
    this.#speaker.drop("rate-limited");
    if (this.#conduct.verdict === undefined) {
      this.#speaker.complain("rate-limited", "Too much too fast: a message was dropped.", retryAfterMs);
    } else {
      const message = "Too much too fast, for too long: come back later, and send less.";
      this.#limited.shutOut("rate-limited", message, comeBackMs);
    }
    return false;
  }
}
