import type { Messenger } from "@skein/protocol";
import type { RunKey } from "./core/run-key.js";
import { tasksProtocol, wireKey } from "./protocol.js";
import type { RunSignal } from "./run-signal.js";

/** Tells how far a run is, to whoever waits for it: the latest, one message at a time, until it has ended. */
export class ProgressTeller {
  readonly #messenger: Messenger;
  readonly #key: RunKey;
  readonly #signal: RunSignal;
  #waiting: { readonly value: unknown } | undefined;
  #state: "idle" | "sending" | "ended" = "idle";

  constructor(messenger: Messenger, key: RunKey, signal: RunSignal) {
    this.#messenger = messenger;
    this.#key = key;
    this.#signal = signal;
  }

  tell(value: unknown): void {
    this.#waiting = { value };
    if (this.#state === "idle") this.#next();
  }

  end(): void {
    this.#state = "ended";
  }

  readonly #next = (): void => {
    if (this.#state === "sending") this.#state = "idle";
    if (this.#state !== "idle" || this.#waiting === undefined || this.#signal.isAborted) return;
    const { value } = this.#waiting;
    const { peer, task, attempt } = this.#key;
    this.#waiting = undefined;
    this.#state = "sending";
    this.#messenger
      .send(peer, tasksProtocol.progress, { ...wireKey(task, attempt), value })
      .then(this.#next, this.#next);
  };
}
