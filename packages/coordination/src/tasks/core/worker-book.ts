import type { PeerId } from "@skein/protocol";
import type { Outcome } from "../protocol.js";
import { graceMs } from "./task-book.js";

/** Which of whose tasks, and which attempt at it. */
export interface RunKey {
  readonly peer: PeerId;
  readonly task: string;
  readonly attempt: number;
}

export type WorkerEvent =
  | {
      readonly type: "run";
      readonly key: RunKey;
      readonly name: string;
      readonly input: unknown;
      readonly again: { readonly parts: number } | undefined;
    }
  | { readonly type: "cancel"; readonly key: RunKey }
  | { readonly type: "gone"; readonly peer: PeerId }
  /** A part of a run's result is on its way. */
  | { readonly type: "part"; readonly run: number }
  /** The function returned or threw. `bytes`: about how much memory the outcome takes. */
  | { readonly type: "finished"; readonly run: number; readonly outcome: Outcome; readonly bytes: number }
  | { readonly type: "woke" };

export type WorkerEffect =
  /** Run the function; then feed `finished`, once. */
  | {
      readonly type: "start";
      readonly run: number;
      readonly key: RunKey;
      readonly name: string;
      readonly input: unknown;
    }
  /** Fire the run's signal. It goes on counting until it has `finished`. */
  | { readonly type: "abort"; readonly run: number; readonly reason: "cancelled" | "lost" }
  | { readonly type: "answer"; readonly key: RunKey; readonly outcome: Outcome };

/** How long an outcome is remembered for those who lost their link before it came, and how much of it for one peer. */
export const rememberMs = 60_000;
export const rememberedMost = 64;
export const rememberedBytesMost = 16 * 1024 * 1024;

interface Running {
  readonly key: RunKey;
  readonly name: string;
  readonly parts: number;
  /** `wanted`: somebody waits for it · `orphaned`: whoever asked can't be reached · `void`: nobody will ask for it. */
  readonly state:
    | { readonly is: "wanted" }
    | { readonly is: "orphaned"; readonly untilMs: number }
    | { readonly is: "void" };
}

/** The outcomes of one peer's tasks, in the order of their coming. */
interface Memory {
  readonly outcomes: Map<string, Remembered>;
  bytes: number;
}

interface Remembered {
  readonly key: RunKey;
  readonly outcome: Outcome;
  readonly parts: number;
  readonly bytes: number;
  readonly untilMs: number;
}

/**
 * What others gave us to do.
 *
 * Invariants:
 * 1. Under one key a function is started once: asked again, it is joined where it runs, and answered from memory where it is done.
 * 2. What is asked for again and not known isn't run under that key: it may have run before.
 * 3. No more than its concurrency run of one name; a run counts until its function has ended, whoever gave up on it.
 * 4. Of outcomes no more is kept for one peer than {@link rememberedMost} and {@link rememberedBytesMost}, for {@link rememberMs}.
 */
export class WorkerBook {
  readonly #concurrency = new Map<string, number>();
  readonly #runs = new Map<number, Running>();
  readonly #runOf = new Map<string, number>();
  readonly #running = new Map<string, number>();
  readonly #remembered = new Map<PeerId, Memory>();
  /** Runs that are orphaned. */
  #orphans = 0;
  /** What all names together take at once. */
  #most = 0;
  #next = 0;

  /** How much of what we take at once is taken, from 0 to 1. */
  get load(): number {
    return this.#most === 0 ? 0 : this.#runs.size / this.#most;
  }

  get running(): number {
    return this.#runs.size;
  }

  /** Takes tasks of this name, so many at once; none any more where it is undefined. */
  offer(name: string, concurrency: number | undefined): void {
    this.#most += (concurrency ?? 0) - (this.#concurrency.get(name) ?? 0);
    if (concurrency === undefined) this.#concurrency.delete(name);
    else this.#concurrency.set(name, concurrency);
  }

  /** Memories have none: no process is kept alive, or woken, to forget. They are bounded, and the old ones go when something happens. */
  deadline(): { readonly atMs: number; readonly reason: string } | undefined {
    if (this.#orphans === 0) return undefined;
    const orphans = [...this.#runs.values()].flatMap(({ state }) => (state.is === "orphaned" ? [state.untilMs] : []));
    return { atMs: Math.min(...orphans), reason: "whoever asked doesn't come back" };
  }

  handle(event: WorkerEvent, nowMs: number): readonly WorkerEffect[] {
    this.#forgetOld(nowMs);
    switch (event.type) {
      case "run":
        return this.#take(event);
      case "cancel":
        return this.#cancel(event.key);
      case "gone":
        return this.#orphan(event.peer, nowMs);
      case "part":
        return this.#count(event.run);
      case "finished":
        return this.#finish(event, nowMs);
      case "woke":
        return this.#wake(nowMs);
    }
  }

  #take(event: Extract<WorkerEvent, { type: "run" }>): readonly WorkerEffect[] {
    const { key, name, input, again } = event;
    const run = this.#runOf.get(textOf(key));
    if (run !== undefined) return this.#join(run, again);
    const remembered = this.#remembered.get(key.peer)?.outcomes.get(textOf(key));
    if (remembered !== undefined) return [{ type: "answer", key, outcome: knownTo(again, remembered) }];
    if (again !== undefined) return [{ type: "answer", key, outcome: { is: "unknown" } }];
    const most = this.#concurrency.get(name);
    if (most === undefined) return [{ type: "answer", key, outcome: noHandler(name) }];
    const running = this.#running.get(name) ?? 0;
    if (running >= most) return [{ type: "answer", key, outcome: { is: "busy" } }];
    this.#running.set(name, running + 1);
    const number = this.#next++;
    this.#runs.set(number, { key, name, parts: 0, state: { is: "wanted" } });
    this.#runOf.set(textOf(key), number);
    return [{ type: "start", run: number, key, name, input }];
  }

  /** It runs, and is asked for again. */
  #join(number: number, again: { readonly parts: number } | undefined): readonly WorkerEffect[] {
    const run = this.#runs.get(number) as Running;
    // What was lost of a streamed result can't be said again: nobody keeps it.
    if (run.state.is === "void" || (again !== undefined && again.parts !== run.parts)) {
      const effects = this.#avoid(number, "cancelled");
      return [...effects, { type: "answer", key: run.key, outcome: { is: "unknown" } }];
    }
    this.#put(number, run, { is: "wanted" });
    return [];
  }

  #cancel(key: RunKey): readonly WorkerEffect[] {
    this.#forget(key);
    const run = this.#runOf.get(textOf(key));
    return run === undefined ? [] : this.#avoid(run, "cancelled");
  }

  #avoid(number: number, reason: "cancelled" | "lost"): readonly WorkerEffect[] {
    const run = this.#runs.get(number);
    if (run === undefined || run.state.is === "void") return [];
    this.#put(number, run, { is: "void" });
    return [{ type: "abort", run: number, reason }];
  }

  #orphan(peer: PeerId, nowMs: number): readonly WorkerEffect[] {
    for (const [number, run] of this.#runs) {
      if (run.key.peer !== peer || run.state.is !== "wanted") continue;
      this.#put(number, run, { is: "orphaned", untilMs: nowMs + graceMs });
    }
    return [];
  }

  #put(number: number, run: Running, state: Running["state"]): void {
    this.#orphans += (state.is === "orphaned" ? 1 : 0) - (run.state.is === "orphaned" ? 1 : 0);
    this.#runs.set(number, { ...run, state });
  }

  #count(number: number): readonly WorkerEffect[] {
    const run = this.#runs.get(number);
    if (run !== undefined) this.#runs.set(number, { ...run, parts: run.parts + 1 });
    return [];
  }

  #finish(event: Extract<WorkerEvent, { type: "finished" }>, nowMs: number): readonly WorkerEffect[] {
    const run = this.#runs.get(event.run);
    if (run === undefined) return [];
    this.#runs.delete(event.run);
    if (run.state.is === "orphaned") this.#orphans--;
    this.#runOf.delete(textOf(run.key));
    const running = (this.#running.get(run.name) ?? 1) - 1;
    if (running > 0) this.#running.set(run.name, running);
    else this.#running.delete(run.name);
    if (run.state.is === "void") return [];
    const { outcome, bytes } = event;
    this.#remember({ key: run.key, outcome, parts: run.parts, bytes, untilMs: nowMs + rememberMs });
    return run.state.is === "wanted" ? [{ type: "answer", key: run.key, outcome }] : [];
  }

  #remember(remembered: Remembered): void {
    const memory = this.#remembered.get(remembered.key.peer) ?? { outcomes: new Map<string, Remembered>(), bytes: 0 };
    this.#remembered.set(remembered.key.peer, memory);
    memory.outcomes.set(textOf(remembered.key), remembered);
    memory.bytes += remembered.bytes;
    for (let first = firstOf(memory); first !== undefined; first = firstOf(memory)) {
      if (memory.outcomes.size <= rememberedMost && memory.bytes <= rememberedBytesMost) break;
      this.#forget(first.key);
    }
  }

  #forget(key: RunKey): void {
    const memory = this.#remembered.get(key.peer);
    const remembered = memory?.outcomes.get(textOf(key));
    if (memory === undefined || remembered === undefined) return;
    memory.outcomes.delete(textOf(key));
    memory.bytes -= remembered.bytes;
    if (memory.outcomes.size === 0) this.#remembered.delete(key.peer);
  }

  /** Those behind one that is young are younger. */
  #forgetOld(nowMs: number): void {
    for (const memory of this.#remembered.values()) {
      for (let first = firstOf(memory); first !== undefined && first.untilMs <= nowMs; first = firstOf(memory)) {
        this.#forget(first.key);
      }
    }
  }

  #wake(nowMs: number): readonly WorkerEffect[] {
    if (this.#orphans === 0) return [];
    return [...this.#runs].flatMap(([number, { state }]) =>
      state.is === "orphaned" && state.untilMs <= nowMs ? this.#avoid(number, "lost") : [],
    );
  }
}

function textOf({ peer, task, attempt }: RunKey): string {
  return `${peer} ${attempt} ${task}`;
}

/** The longest remembered. */
function firstOf({ outcomes }: Memory): Remembered | undefined {
  return outcomes.values().next().value;
}

function knownTo(again: { readonly parts: number } | undefined, { outcome, parts }: Remembered): Outcome {
  return again !== undefined && again.parts !== parts ? { is: "unknown" } : outcome;
}

function noHandler(name: string): Outcome {
  return { is: "failed", code: "no-handler", message: `This peer does no tasks of the name ${name}.` };
}
