import type { PeerId } from "@skein/protocol";
import type { RunKey } from "./core/run-key.js";
import type { TaskContext } from "./function.js";
import type { RunSignal } from "./run-signal.js";

/** What one run's function sees. Most look at little of it: what costs something is made when it is asked for. */
export class RunContext implements TaskContext {
  readonly #key: RunKey;
  readonly #signal: RunSignal;
  readonly #makeProgress: () => (value: unknown) => void;
  #progress: ((value: unknown) => void) | undefined;

  constructor(key: RunKey, signal: RunSignal, makeProgress: () => (value: unknown) => void) {
    this.#key = key;
    this.#signal = signal;
    this.#makeProgress = makeProgress;
  }

  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  get from(): PeerId {
    return this.#key.peer;
  }

  get key(): string {
    const { peer, task, attempt } = this.#key;
    return `${peer}/${task}/${attempt}`;
  }

  get progress(): (value: unknown) => void {
    this.#progress ??= this.#makeProgress();
    return this.#progress;
  }
}
