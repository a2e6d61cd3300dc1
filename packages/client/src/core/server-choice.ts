/** {@link ServerOrder}, all there are. */
export const serverOrders = ["listed", "by-room", "nearest", "any"] as const;

/**
 * Which of several servers to go to.
 *
 * `listed`: the first of the list that answers, so that all who have the same list meet where servers don't know of each other ·
 * `by-room`: the first that answers of the order that the room gives them, whatever that of the list: all who know the same servers meet, and
 * rooms are spread over them ·
 * `nearest`: whichever answers first · `any`: one by chance, and from there on in turn, so that many clients are spread.
 */
export type ServerOrder = (typeof serverOrders)[number];

/**
 * Invariants:
 * 1. There is always an address to try, of those that there are.
 * 2. A server that failed is tried again only once all others have failed as well: in the next round.
 * 3. Where there is a first one (`listed`, `by-room`), whoever loses its server begins again there: it may be back, and others look for us
 *    there.
 * 4. By room, whoever is sent away by a server that stops goes to the first of the others. In `listed` order that is the server itself once
 *    more: its successor may be there.
 */
export interface ServerChoice {
  readonly order: ServerOrder;
  /** How many there are: addresses are numbers below, the best first. */
  readonly count: number;
  /** Where to go next, but for `nearest`. */
  readonly at: number;
  /** Which have failed in this round: never all of them. */
  readonly failed: ReadonlySet<number>;
  /** How often all have failed since one let us in. */
  readonly rounds: number;
}

export type ServerChoiceEvent =
  | { readonly type: "joined" }
  /** These didn't let us in. */
  | { readonly type: "failed"; readonly addresses: readonly number[] }
  /** The one that we were at is lost. */
  | { readonly type: "lost"; readonly address: number }
  /** It stops, and sent us elsewhere. */
  | { readonly type: "drained"; readonly address: number };

/** @param roll random, from 0 to 1. */
export function startServerChoice(order: ServerOrder, count: number, roll: number): ServerChoice {
  const at = order === "any" ? Math.min(count - 1, Math.floor(roll * count)) : 0;
  return { order, count, at, failed: new Set(), rounds: 0 };
}

export function stepServerChoice(choice: ServerChoice, event: ServerChoiceEvent): ServerChoice {
  switch (event.type) {
    case "joined":
      return { ...choice, failed: new Set(), rounds: 0 };
    case "failed":
      return fail(choice, event.addresses);
    case "lost":
      return lose(choice, event.address);
    case "drained":
      return choice.order === "by-room" ? fail(beginAgain(choice), [event.address]) : lose(choice, event.address);
  }
}

function lose(choice: ServerChoice, address: number): ServerChoice {
  return hasFirst(choice.order) ? beginAgain(choice) : fail(choice, [address]);
}

function beginAgain(choice: ServerChoice): ServerChoice {
  return { ...choice, at: 0, failed: new Set() };
}

/** Whether others look for us at one of them before all others. */
function hasFirst(order: ServerOrder): boolean {
  return order === "listed" || order === "by-room";
}

/** Where to go now: to one, or to all of these at once, the first of which that answers is it. */
export function addressesToTry({ order, count, at, failed }: ServerChoice): readonly number[] {
  return order === "nearest" ? numbersBelow(count).filter((address) => !failed.has(address)) : [at];
}

function fail(choice: ServerChoice, addresses: readonly number[]): ServerChoice {
  const { order, count, rounds } = choice;
  const failed = new Set([...choice.failed, ...addresses]);
  if (failed.size >= count) {
    const at = hasFirst(order) ? 0 : (choice.at + 1) % count;
    return { ...choice, at, failed: new Set(), rounds: rounds + 1 };
  }
  return { ...choice, at: nextAfter(choice.at, count, failed), failed };
}

function nextAfter(at: number, count: number, failed: ReadonlySet<number>): number {
  const turn = numbersBelow(count).map((step) => (at + step) % count);
  return turn.find((address) => !failed.has(address)) ?? at;
}

function numbersBelow(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}
