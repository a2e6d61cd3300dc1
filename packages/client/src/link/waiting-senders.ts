import type { SkeinError } from "@skein/protocol";
import { type Deferred, deferred } from "../deferred.js";

/** A sender that waits for room in its lane. */
interface Waiting {
  readonly lane: number;
  readonly roomy: Deferred<void>;
}

/** The queues of a link's lanes, as senders see them. */
export interface Queues {
  queuedBytes(lane: number): number;
}

/** A lane with more than this waiting makes its senders wait. */
const queueBytes = 1024 * 1024;
/** What a sender gets that needn't wait: the same for all. */
export const accepted = Promise.resolve();

/** Whoever sent a message into a lane that was full: they go on once it has room. */
export class WaitingSenders {
  readonly #queues: Queues;
  #waiting: Waiting[] = [];

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  /** Whether a message sent in this lane now would be accepted at once. */
  hasRoom(lane: number): boolean {
    return this.#queues.queuedBytes(lane) <= queueBytes;
  }

  /** Resolves once a lane has room; at once where it has. */
  wait(lane: number): Promise<void> {
    if (this.hasRoom(lane)) return accepted;
    const roomy = deferred<void>();
    this.#waiting.push({ lane, roomy });
    return roomy.promise;
  }

  /** Something left the queues. */
  admit(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ lane }) => !this.hasRoom(lane));
    for (const { lane, roomy } of waiting) if (this.hasRoom(lane)) roomy.resolve();
  }

  fail(error: SkeinError): void {
    for (const { roomy } of this.#waiting.splice(0)) roomy.reject(error);
  }
}
