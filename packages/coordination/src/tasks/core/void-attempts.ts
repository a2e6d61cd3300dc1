import type { PeerId } from "@skein/protocol";

/** How many are remembered: what comes later of others is a stray. */
export const voidMost = 1024;

/** Attempts that nobody waits for any more, and that may still bring a result. */
export class VoidAttempts {
  readonly #workers = new Map<string, { readonly worker: PeerId; readonly task: string; readonly attempt: number }>();

  add(worker: PeerId, task: string, attempt: number): void {
    this.#workers.set(keyOf(worker, task, attempt), { worker, task, attempt });
    if (this.#workers.size > voidMost) this.#workers.delete(this.#workers.keys().next().value as string);
  }

  /** Whether it was one. It is none any more. */
  remove(worker: PeerId, task: string, attempt: number): boolean {
    return this.#workers.delete(keyOf(worker, task, attempt));
  }

  has(worker: PeerId, task: string, attempt: number): boolean {
    return this.#workers.has(keyOf(worker, task, attempt));
  }

  of(id: PeerId): readonly { readonly task: string; readonly attempt: number }[] {
    return [...this.#workers.values()].filter(({ worker }) => worker === id);
  }
}

function keyOf(worker: PeerId, task: string, attempt: number): string {
  return `${worker} ${attempt} ${task}`;
}
