/** What stands on each message: who sent it, in which stretch of its conversation with the receiver, and which one it is. */
export interface Stamp {
  /** One run of a program in a room. */
  readonly sender: string;
  /** Counts the conversations that the sender has had with the receiver, as its room told. */
  readonly stretch: number;
  readonly lane: string;
  readonly number: number;
}

interface Stretch {
  sent: number;
  /** Numbers whose sending was refused: they never went. */
  readonly refused: Set<number>;
  /** How many arrived. */
  delivered: number;
  /** Who got the first of it: nobody else may get more. */
  receiver: string | undefined;
  /** The highest that arrived. */
  last: number;
}

/**
 * Holds what arrives against what was sent. Within a stretch messages of a lane arrive in order, each once, and none is left out but for
 * those that the sender was told weren't sent; what is lossy may be left out. A stretch may end early where the sender was told that its
 * link is lost.
 */
export class Ledger {
  readonly #stretches = new Map<string, Stretch>();

  /** The next message of a stretch. */
  stamp(sender: string, to: string, stretch: number, lane: string): Stamp {
    const entry = this.#entry(sender, to, stretch, lane);
    return { sender, stretch, lane, number: entry.sent++ };
  }

  /** The sender was told that a message didn't go. */
  refuse(to: string, { sender, stretch, lane, number }: Stamp): void {
    this.#entry(sender, to, stretch, lane).refused.add(number);
  }

  /** A message arrived; gives what is wrong with that. @param receiver the run of the program that got it. */
  arrive(receiver: string, at: string, { sender, stretch, lane, number }: Stamp): string | undefined {
    const entry = this.#entry(sender, at, stretch, lane);
    const what = `${lane} message ${number} of stretch ${stretch} from ${sender} to ${receiver}`;
    if (number >= entry.sent) return `${what} was never sent`;
    if (number <= entry.last) return `${what} arrived after ${entry.last}`;
    if (entry.receiver !== undefined && entry.receiver !== receiver)
      return `${what}: the first of it went to ${entry.receiver}`;
    const missing = firstMissing(entry, number);
    if (missing !== undefined && lane !== "lossy") return `${what} arrived without ${missing}`;
    entry.receiver = receiver;
    entry.last = number;
    entry.delivered++;
    return undefined;
  }

  /** The sender was told that a stretch is over, and that so many of its messages were never acknowledged. */
  end(sender: string, to: string, stretch: number, unacknowledged: number): string | undefined {
    const open = this.#missing(sender, to, stretch);
    if (open <= unacknowledged) return undefined;
    return `${sender} was told of ${unacknowledged} unacknowledged messages to ${to} in stretch ${stretch}, and ${open} never arrived`;
  }

  /** All is quiet: whatever was sent in a stretch that isn't over has arrived. */
  settle(sender: string, to: string, stretch: number): string | undefined {
    const open = this.#missing(sender, to, stretch);
    return open === 0 ? undefined : `${open} messages from ${sender} to ${to} never arrived, in stretch ${stretch}`;
  }

  #missing(sender: string, to: string, stretch: number): number {
    let open = 0;
    for (const lane of ["control", "default", "bulk"]) {
      const { sent, refused, delivered } = this.#entry(sender, to, stretch, lane);
      open += sent - refused.size - delivered;
    }
    return open;
  }

  #entry(sender: string, to: string, stretch: number, lane: string): Stretch {
    const key = `${sender} ${to} ${stretch} ${lane}`;
    const known = this.#stretches.get(key);
    if (known !== undefined) return known;
    const entry: Stretch = { sent: 0, refused: new Set(), delivered: 0, receiver: undefined, last: -1 };
    this.#stretches.set(key, entry);
    return entry;
  }
}

function firstMissing({ last, refused }: Stretch, number: number): number | undefined {
  for (let before = last + 1; before < number; before++) if (!refused.has(before)) return before;
  return undefined;
}
