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
  capabilities: ReadonlySet<string>;
  load: number;
  /** Our tasks that it has. */
  readonly open: Set<string>;
  /** When it was last chosen, counted in choices. */
  chosen: number;
  /** The names of tasks that it has said it can't take now, or at all. */
  readonly marks: Map<string, Mark>;
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
  /** Of many peers few may do what is asked for: only those are looked through. */
  readonly #byCapability = new Map<string, Map<PeerId, Worker>>();
  #choices = 0;

  has(id: PeerId): boolean {
    return this.#byId.has(id);
  }

  /** It is here, and says this of itself. */
  set(id: PeerId, capabilities: readonly string[], load: number): void {
    const worker = this.#byId.get(id) ?? this.#add(id);
    const isSame = capabilities.length === worker.capabilities.size && load >= worker.load;
    this.#index(id, worker, new Set(capabilities));
    worker.load = load;
    if (!isSame) worker.marks.clear();
  }

  /** Gives the tasks that it had. */
  remove(id: PeerId): readonly string[] {
    const worker = this.#byId.get(id);
    if (worker === undefined) return [];
    this.#index(id, worker, new Set());
    this.#byId.delete(id);
    return [...worker.open];
  }

  give(id: PeerId, task: string): void {
    const worker = this.#byId.get(id);
    if (worker === undefined) return;
    worker.open.add(task);
    worker.chosen = ++this.#choices;
  }

  /** It has the task no longer. */
  take(id: PeerId, task: string): void {
    this.#byId.get(id)?.open.delete(task);
  }

  /** It did something: there may be room for more of that name. */
  clear(id: PeerId, name: string): void {
    this.#byId.get(id)?.marks.delete(name);
  }

  markBusy(id: PeerId, name: string, nowMs: number): void {
    const marks = this.#byId.get(id)?.marks;
    const times = marks?.get(name)?.times ?? 0;
    const waitMs = Math.min(busyMostMs, busyFirstMs * 2 ** times);
    marks?.set(name, { untilMs: nowMs + waitMs, times: times + 1 });
  }

  /** It can't do tasks of that name, whatever it says, until it says something else. */
  markUnable(id: PeerId, name: string): void {
    this.#byId.get(id)?.marks.set(name, { untilMs: Number.POSITIVE_INFINITY, times: 0 });
  }

  fits(id: PeerId, demand: Demand): boolean {
    const worker = this.#byId.get(id);
    return worker !== undefined && fits(id, worker, demand);
  }

  /** @param tried those who had it before: they come last. @param except one that has it now. */
  choose(name: string, demand: Demand, tried: ReadonlySet<PeerId>, nowMs: number, except?: PeerId): Choice {
    let best: { readonly id: PeerId; readonly worker: Worker } | undefined;
    let busyUntilMs: number | undefined;
    for (const [id, worker] of this.#able(demand)) {
      if (id === except || !fits(id, worker, demand)) continue;
      const untilMs = worker.marks.get(name)?.untilMs ?? nowMs;
      if (untilMs === Number.POSITIVE_INFINITY) continue;
      if (untilMs > nowMs) busyUntilMs = Math.min(busyUntilMs ?? untilMs, untilMs);
      else if (best === undefined || isBetter(id, worker, best.id, best.worker, tried)) best = { id, worker };
    }
    if (best !== undefined) return { is: "worker", id: best.id };
    return busyUntilMs === undefined ? { is: "nobody" } : { is: "busy", untilMs: busyUntilMs };
  }

  #able({ capabilities: [first] }: Demand): Iterable<readonly [PeerId, Worker]> {
    return first === undefined ? this.#byId : (this.#byCapability.get(first) ?? none);
  }

  #add(id: PeerId): Worker {
    const worker: Worker = { capabilities: new Set(), load: 0, open: new Set(), chosen: 0, marks: new Map() };
    this.#byId.set(id, worker);
    return worker;
  }

  #index(id: PeerId, worker: Worker, capabilities: ReadonlySet<string>): void {
    for (const capability of worker.capabilities) {
      const able = this.#byCapability.get(capability);
      if (!capabilities.has(capability) && able?.delete(id) && able.size === 0) this.#byCapability.delete(capability);
    }
    for (const capability of capabilities) {
      const able = this.#byCapability.get(capability) ?? new Map<PeerId, Worker>();
      this.#byCapability.set(capability, able.set(id, worker));
    }
    worker.capabilities = capabilities;
  }
}

const none: ReadonlyMap<PeerId, Worker> = new Map();

function fits(id: PeerId, worker: Worker, { capabilities, to }: Demand): boolean {
  if (to !== undefined && to !== id) return false;
  return capabilities.every((capability) => worker.capabilities.has(capability));
}

function isBetter(id: PeerId, one: Worker, otherId: PeerId, other: Worker, tried: ReadonlySet<PeerId>): boolean {
  if (tried.has(id) !== tried.has(otherId)) return tried.has(otherId);
  const difference = one.open.size + one.load - (other.open.size + other.load);
  return difference === 0 ? one.chosen < other.chosen : difference < 0;
}
