/** What a server's backplane carries, and what it is like now. */
export interface BackplaneStats {
  readonly kind: string;
  /** Whether other nodes can be reached. */
  readonly isThere: boolean;
  /** Other nodes that are known. */
  readonly nodes: number;
  /** What was sent and isn't taken yet. */
  readonly bufferedBytes: number;
  readonly messagesOut: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  readonly bytesIn: number;
  /** Envelopes that went to other nodes, and that came from them. */
  readonly forwardsOut: number;
  readonly forwardsIn: number;
  /** How often it came back. */
  readonly reconnects: number;
  /** Messages that couldn't be read. */
  readonly rejected: number;
  /** Messages that weren't sent, for too much waited. Others ask for what was in them. */
  readonly lost: number;
}

/** Counts what goes over a backplane. */
export class BackplaneCounters {
  connects = 0;
  forwardsOut = 0;
  forwardsIn = 0;
  #messagesOut = 0;
  #bytesOut = 0;
  #messagesIn = 0;
  #bytesIn = 0;
  #rejected = 0;
  #lost = 0;

  sent(bytes: number): void {
    this.#messagesOut++;
    this.#bytesOut += bytes;
  }

  received(bytes: number): void {
    this.#messagesIn++;
    this.#bytesIn += bytes;
  }

  reject(): void {
    this.#rejected++;
  }

  lose(): void {
    this.#lost++;
  }

  stats(now: Pick<BackplaneStats, "kind" | "isThere" | "nodes" | "bufferedBytes">): BackplaneStats {
    return {
      ...now,
      messagesOut: this.#messagesOut,
      bytesOut: this.#bytesOut,
      messagesIn: this.#messagesIn,
      bytesIn: this.#bytesIn,
      forwardsOut: this.forwardsOut,
      forwardsIn: this.forwardsIn,
      reconnects: Math.max(0, this.connects - 1),
      rejected: this.#rejected,
      lost: this.#lost,
    };
  }
}
