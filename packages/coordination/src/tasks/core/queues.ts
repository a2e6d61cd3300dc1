import { queueOf, type TaskOrder } from "./task-state.js";

export interface Queue {
  readonly tasks: Set<string>;
  /** Since when nobody could do these. */
  nobodySinceMs: number | undefined;
}

/** The tasks that nobody has, in the order of their coming: those that ask for the same stand in one queue. */
export class Queues {
  readonly #queues = new Map<string, Queue>();

  get isEmpty(): boolean {
    return this.#queues.size === 0;
  }

  get all(): Iterable<Queue> {
    return this.#queues.values();
  }

  of(order: TaskOrder): Queue | undefined {
    return this.isEmpty ? undefined : this.#queues.get(queueOf(order));
  }

  add(order: TaskOrder): Queue {
    const name = queueOf(order);
    const queue = this.#queues.get(name) ?? { tasks: new Set<string>(), nobodySinceMs: undefined };
    queue.tasks.add(order.id);
    this.#queues.set(name, queue);
    return queue;
  }

  remove(order: TaskOrder): void {
    const name = queueOf(order);
    const queue = this.#queues.get(name);
    queue?.tasks.delete(order.id);
    if (queue?.tasks.size === 0) this.#queues.delete(name);
  }

  /** All that wait now, whatever becomes of them meanwhile. */
  *tasks(): Generator<string> {
    for (const { tasks } of [...this.#queues.values()]) yield* [...tasks];
  }
}
