import type { Messenger } from "@skein/protocol";
import type { RunKey } from "./core/run-key.js";
import type { TaskContext } from "./function.js";
import { ProgressTeller } from "./progress-teller.js";
import { RunContext } from "./run-context.js";
import { RunSignal } from "./run-signal.js";

/** A function of ours that runs: what it sees, and what we keep of it until it ends. */
export class ActiveRun {
  readonly key: RunKey;
  readonly signal = new RunSignal();
  readonly context: TaskContext;
  #teller: ProgressTeller | undefined;

  constructor(messenger: Messenger, key: RunKey) {
    this.key = key;
    this.context = new RunContext(key, this.signal, () => {
      const teller = new ProgressTeller(messenger, key, this.signal);
      this.#teller = teller;
      return (value) => teller.tell(value);
    });
  }

  /** What it tells from now on is told to nobody. */
  end(): void {
    this.#teller?.end();
  }
}
