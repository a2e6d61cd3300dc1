import type { PeerId } from "@skein/protocol";
import type { Outcome } from "../protocol.js";
import { OutcomeMemory, type Remembered, rememberMs } from "./outcome-memory.js";
import { type RunKey, textOf } from "./run-key.js";
import { graceMs } from "./task-state.js";

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

interface Running {
  readonly key: RunKey;
  readonly name: string;
  parts: number;
  /** `wanted`: somebody waits for it · `orphaned`: whoever asked can't be reached · `void`: nobody will ask for it. */
  state: RunState;
}

type RunState =
  | { readonly is: "wanted" }
  | { readonly is: "orphaned"; readonly untilMs: number }
  | { readonly is: "void" };

const wanted: RunState = { is: "wanted" };

/**
 * What others gave us to do.
 *
 * Invariants:
 * 1. Under one key a function is started once: asked again, it is joined where it runs, and answered from memory where it is done.
 * 2. What is asked for again and not known isn't run under that key: it may have run before.
 * 3. No more than its concurrency run of one name; a run counts until its function has ended, whoever gave up on it.
 * 4. Of outcomes no more is kept for one peer than its {@link OutcomeMemory} says.
 */
export class WorkerBook {
  readonly #concurrency = new Map<string, number>();
  readonly #runs = new Map<number, Running>();
  readonly #runOf = new Map<PeerId, Map<string, number>>();
  readonly #running = new Map<string, number>();
  readonly #memory = new OutcomeMemory();
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
    this.#memory.sweep(nowMs);
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

  #take({ key, name, input, again }: Extract<WorkerEvent, { type: "run" }>): readonly WorkerEffect[] {
    const run = this.#runOf.get(key.peer)?.get(textOf(key.task, key.attempt));
    if (run !== undefined) return this.#join(run, again);
    const remembered = this.#memory.find(key);
    if (remembered !== undefined) return [{ type: "answer", key, outcome: knownTo(again, remembered) }];
    if (again !== undefined) return [{ type: "answer", key, outcome: { is: "unknown" } }];
    const most = this.#concurrency.get(name);
    if (most === undefined) return [{ type: "answer", key, outcome: noHandler(name) }];
    if ((this.#running.get(name) ?? 0) >= most) return [{ type: "answer", key, outcome: { is: "busy" } }];
    return [{ type: "start", run: this.#begin(key, name), key, name, input }];
  }

  #begin(key: RunKey, name: string): number {
    const number = this.#next++;
    this.#running.set(name, (this.#running.get(name) ?? 0) + 1);
    this.#runs.set(number, { key, name, parts: 0, state: wanted });
    const ofPeer = this.#runOf.get(key.peer) ?? new Map<string, number>();
    this.#runOf.set(key.peer, ofPeer.set(textOf(key.task, key.attempt), number));
    return number;
  }

  /** It runs, and is asked for again. */
  #join(number: number, again: { readonly parts: number } | undefined): readonly WorkerEffect[] {
    const run = this.#runs.get(number) as Running;
    // What was lost of a streamed result can't be said again: nobody keeps it.
    if (run.state.is === "void" || (again !== undefined && again.parts !== run.parts)) {
      const effects = this.#avoid(number, "cancelled");
      return [...effects, { type: "answer", key: run.key, outcome: { is: "unknown" } }];
    }
    this.#put(run, wanted);
    return [];
  }

  #cancel(key: RunKey): readonly WorkerEffect[] {
    this.#memory.forget(key);
    const run = this.#runOf.get(key.peer)?.get(textOf(key.task, key.attempt));
    return run === undefined ? [] : this.#avoid(run, "cancelled");
  }

  #avoid(number: number, reason: "cancelled" | "lost"): readonly WorkerEffect[] {
    const run = this.#runs.get(number);
    if (run === undefined || run.state.is === "void") return [];
    this.#put(run, { is: "void" });
    return [{ type: "abort", run: number, reason }];
  }

  #orphan(peer: PeerId, nowMs: number): readonly WorkerEffect[] {
    for (const number of this.#runOf.get(peer)?.values() ?? []) {
      const run = this.#runs.get(number);
      if (run?.state.is === "wanted") this.#put(run, { is: "orphaned", untilMs: nowMs + graceMs });
    }
    return [];
  }

  #put(run: Running, state: RunState): void {
    this.#orphans += (state.is === "orphaned" ? 1 : 0) - (run.state.is === "orphaned" ? 1 : 0);
    run.state = state;
  }

  #count(number: number): readonly WorkerEffect[] {
    const run = this.#runs.get(number);
    if (run !== undefined) run.parts++;
    return [];
  }

  #finish({ run: number, outcome, bytes }: Extract<WorkerEvent, { type: "finished" }>, nowMs: number): WorkerEffect[] {
    const run = this.#runs.get(number);
    if (run === undefined) return [];
    const { key, parts, state } = run;
    this.#end(number, run);
    if (state.is === "void") return [];
    this.#memory.add(key, { outcome, parts, bytes, untilMs: nowMs + rememberMs });
    return state.is === "wanted" ? [{ type: "answer", key, outcome }] : [];
  }

  /** Its function has ended, whoever waited for it. */
  #end(number: number, { key, name, state }: Running): void {
    this.#runs.delete(number);
    if (state.is === "orphaned") this.#orphans--;
    const ofPeer = this.#runOf.get(key.peer);
    ofPeer?.delete(textOf(key.task, key.attempt));
    if (ofPeer?.size === 0) this.#runOf.delete(key.peer);
    const running = (this.#running.get(name) ?? 1) - 1;
    if (running > 0) this.#running.set(name, running);
    else this.#running.delete(name);
  }

  #wake(nowMs: number): readonly WorkerEffect[] {
    if (this.#orphans === 0) return [];
    return [...this.#runs].flatMap(([number, { state }]) =>
      state.is === "orphaned" && state.untilMs <= nowMs ? this.#avoid(number, "lost") : [],
    );
  }
}

function knownTo(again: { readonly parts: number } | undefined, { outcome, parts }: Remembered): Outcome {
  return again !== undefined && again.parts !== parts ? { is: "unknown" } : outcome;
}

function noHandler(name: string): Outcome {
  return { is: "failed", code: "no-handler", message: `This peer does no tasks of the name ${name}.` };
}
