import type { PeerId } from "@skein/protocol";

/** What a task asks of whoever does it. */
export interface Demand {
  /** All of these. */
  readonly capabilities: readonly string[];
  /** This one and nobody else. */
  readonly to?: PeerId | undefined;
}

export type Choice =
  | { readonly is: "worker"; readonly id: PeerId }
  /** There are some, and they said that they have enough to do. */
  | { readonly is: "busy"; readonly untilMs: number }
  | { readonly is: "nobody" };

interface Worker {
  readonly capabilities: ReadonlySet<string>;
  readonly load: number;
  /** Our tasks that it has. */
  readonly open: Set<string>;
  /** When it was last chosen, counted in choices. */
  readonly chosen: number;
}

interface Mark {
  readonly untilMs: number;
  readonly times: number;
}

const busyFirstMs = 50;
const busyMostMs = 1_000;

/**
 * Who could do a task, and who should: the one with the least to do, by what it says and what we gave it ourselves. Of equals, the one
 * that wasn't chosen for longest.
 *
 * Whoever says that it is busy isn't asked for tasks of that name again until it is done with one, says that it has less to do, or some
 * time has passed, which doubles each time.
 */
export class Workers {
  readonly #byId = new Map<PeerId, Worker>();
  readonly #marks = new Map<string, Mark>();
  #choices = 0;

  has(id: PeerId): boolean {
    return this.#byId.has(id);
  }

  /** It is here, and says this of itself. */
  set(id: PeerId, capabilities: readonly string[], load: number): void {
    const before = this.#byId.get(id);
    const open = before?.open ?? new Set<string>();
    this.#byId.set(id, { capabilities: new Set(capabilities), load, open, chosen: before?.chosen ?? 0 });
    const isSame = capabilities.length === before?.capabilities.size && load >= before.load;
    if (!isSame) this.#unmark(id);
  }

  /** Gives the tasks that it had. */
  remove(id: PeerId): readonly string[] {
    const open = [...(this.#byId.get(id)?.open ?? [])];
    this.#byId.delete(id);
    this.#unmark(id);
    return open;
  }

  give(id: PeerId, task: string): void {
    const worker = this.#byId.get(id);
    if (worker === undefined) return;
    worker.open.add(task);
    this.#byId.set(id, { ...worker, chosen: ++this.#choices });
  }

  /** It has the task no longer. */
  take(id: PeerId, task: string): void {
    this.#byId.get(id)?.open.delete(task);
  }

  /** It did something: there may be room for more of that name. */
  clear(id: PeerId, name: string): void {
    this.#marks.delete(markOf(id, name));
  }

  markBusy(id: PeerId, name: string, nowMs: number): void {
    const times = this.#marks.get(markOf(id, name))?.times ?? 0;
    const waitMs = Math.min(busyMostMs, busyFirstMs * 2 ** times);
    this.#marks.set(markOf(id, name), { untilMs: nowMs + waitMs, times: times + 1 });
  }

  /** It can't do tasks of that name, whatever it says, until it says something else. */
  markUnable(id: PeerId, name: string): void {
    this.#marks.set(markOf(id, name), { untilMs: Number.POSITIVE_INFINITY, times: 0 });
  }

  fits(id: PeerId, { capabilities, to }: Demand): boolean {
    const worker = this.#byId.get(id);
    if (worker === undefined || (to !== undefined && to !== id)) return false;
    return capabilities.every((capability) => worker.capabilities.has(capability));
  }

  /** @param tried those who had it before: they come last. @param except one that has it now. */
  choose(name: string, demand: Demand, tried: ReadonlySet<PeerId>, nowMs: number, except?: PeerId): Choice {
    let best: { readonly id: PeerId; readonly rank: readonly number[] } | undefined;
    let busyUntilMs: number | undefined;
    for (const [id, worker] of this.#byId) {
      if (id === except || !this.fits(id, demand)) continue;
      const untilMs = this.#marks.get(markOf(id, name))?.untilMs ?? nowMs;
      if (untilMs === Number.POSITIVE_INFINITY) continue;
      if (untilMs > nowMs) {
        busyUntilMs = Math.min(busyUntilMs ?? untilMs, untilMs);
        continue;
      }
      const rank = [tried.has(id) ? 1 : 0, worker.open.size + worker.load, worker.chosen];
      if (best === undefined || isLess(rank, best.rank)) best = { id, rank };
    }
    if (best !== undefined) return { is: "worker", id: best.id };
    return busyUntilMs === undefined ? { is: "nobody" } : { is: "busy", untilMs: busyUntilMs };
  }

  #unmark(id: PeerId): void {
    for (const mark of this.#marks.keys()) if (mark.startsWith(`${id} `)) this.#marks.delete(mark);
  }
}

function markOf(id: PeerId, name: string): string {
  return `${id} ${name}`;
}

function isLess(one: readonly number[], other: readonly number[]): boolean {
  const index = one.findIndex((value, at) => value !== other[at]);
  return index >= 0 && (one[index] as number) < (other[index] as number);
}
