import type { Duplex } from "node:stream";
import type { Clock } from "./clock.js";

/** Each is an open socket. Beyond, the answer comes at once. */
const heldMost = 512;
const shortestMs = 1_000;
const spreadMs = 2_000;
/** Its multiples, without their whole parts, are spread evenly however many there are (Weyl's sequence). */
const goldenRatio = (Math.sqrt(5) - 1) / 2;

/** What is to be done with a socket in the end. */
interface Held {
  readonly cancel: () => void;
  readonly answer: () => void;
}

/**
 * Lets those wait for their answer who came too often, some seconds, and each for another time: those who came together don't come again
 * together. Whoever comes again as soon as it is turned away, as clients without a
 * backoff do, would else come hundreds of times a second, and each of them costs as much as several forwards. The word is that of firewalls.
 */
export class Tarpit {
  readonly #clock: Clock;
  readonly #held = new Map<Duplex, Held>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Answers later, or now where too many wait. */
  hold(socket: Duplex, answer: () => void): void {
    if (this.#held.size >= heldMost) return answer();
    // Its client may go meanwhile: the answer goes nowhere then.
    socket.on("error", ignore);
    const waitMs = shortestMs + spreadMs * ((this.#count++ * goldenRatio) % 1);
    this.#held.set(socket, { cancel: this.#clock.after(waitMs, () => this.#release(socket)), answer });
  }

  /** Answers all who wait. */
  release(): void {
    for (const socket of this.#held.keys()) this.#release(socket);
  }

  #release(socket: Duplex): void {
    const held = this.#held.get(socket);
    this.#held.delete(socket);
    held?.cancel();
    held?.answer();
  }
}

function ignore(): void {
  // What is wrong with it ends it.
}
