import {
  type Messenger,
  type PeerId,
  platformRandom,
  type RandomBytes,
  type Schema,
  SkeinError,
  type Unsubscribe,
} from "@skein/protocol";
import { type Clock, platformClock } from "../clock.js";
import type { Presence } from "../presence/presence.js";
import { Emitter } from "../shared/emitter.js";
import { mustHave } from "../shared/must-have.js";
import type { TaskCounts } from "./core/task-events.js";
import type { TaskFailure } from "./core/task-state.js";
import { Delegator } from "./delegator.js";
import type { TaskFunction, TaskHandling, TaskInput, TaskOutput } from "./function.js";
import { inOrder } from "./in-order.js";
import type { Delegated, DelegateOptions, MapOptions } from "./options.js";
import { mustBeCount, mustBeName } from "./order.js";
import { Worker } from "./worker.js";

/** What {@link createTasks} finds workers by. */
export interface TasksOptions {
  /** Knows who can do what, and how busy they are. */
  readonly presence: Presence;
  /** For simulated worlds. */
  readonly clock?: Clock;
  /** For simulated worlds. */
  readonly random?: RandomBytes;
}

/** What is told of tasks. */
export type TaskEvents = {
  /** Another worker gets a task that we gave away. */
  "handed-over": {
    readonly task: string;
    readonly name: string;
    readonly from: PeerId;
    readonly to: PeerId;
    readonly reason: TaskFailure;
  };
  /** A task of ours is over. `failure` where it failed. */
  settled: {
    readonly task: string;
    readonly name: string;
    readonly worker: PeerId | undefined;
    readonly failure?: TaskFailure;
  };
  /** A function of ours failed, for whomever it ran: with its own error as the cause. */
  trouble: SkeinError;
};

/** A task that we gave away, as it stands. */
export interface TaskView {
  readonly task: string;
  readonly name: string;
  /** `waiting`: nobody has it · `running`: its worker has it · `estranged`: its worker can't be reached, and nobody else is there for it. */
  readonly phase: "waiting" | "running" | "estranged";
  readonly worker: PeerId | undefined;
  /** How many workers got it so far. */
  readonly attempts: number;
}

/**
 * Gives tasks to whoever can do them, and does those of others.
 *
 * @throws {SkeinError} `bad-argument`
 * @example
 * const presence = createPresence(room);
 * const tasks = createTasks(room, { presence });
 * tasks.handle("resize", { input: v.object({ width: v.number() }), concurrency: 2 }, async ({ width }, { signal }) => …);
 * const small = await tasks.delegate({ name: "resize", input: { width: 200 }, timeoutMs: 10_000 });
 */
export function createTasks(messenger: Messenger, options: TasksOptions): Tasks {
  mustHave("createTasks", options, "presence", "createPresence");
  return new Tasks(messenger, options);
}

/** Tasks given and taken. Made by {@link createTasks}. */
export class Tasks implements AsyncDisposable {
  readonly #emitter = new Emitter<TaskEvents>();
  readonly #delegator: Delegator;
  readonly #worker: Worker;
  #state: "open" | "closed" = "open";

  /** @internal Use {@link createTasks}. */
  constructor(messenger: Messenger, { presence, clock = platformClock, random = platformRandom }: TasksOptions) {
    const trouble = (error: SkeinError) => this.#emitter.emit("trouble", error);
    this.#worker = new Worker({ messenger, presence, clock, trouble });
    this.#delegator = new Delegator({
      messenger,
      presence,
      clock,
      random,
      handedOver: ({ task, from, to, reason }, name) =>
        this.#emitter.emit("handed-over", { task, name, from, to, reason }),
      settled: (task, name, result) => {
        const worker = result.is === "done" ? result.worker : undefined;
        this.#emitter.emit("settled", { task, name, worker, ...(result.is === "failed" && { failure: result }) });
      },
    });
  }

  /** The tasks that we gave away and that aren't over. */
  get open(): readonly TaskView[] {
    return this.#delegator.tasks.map(({ order, state, taken }) => ({
      task: order.id,
      name: order.name,
      phase: state.phase,
      worker: state.phase === "waiting" ? undefined : state.worker,
      attempts: taken,
    }));
  }

  /** How many functions of ours run now. */
  get running(): number {
    return this.#worker.running;
  }

  /** What was dropped, and what was tried again. */
  get counts(): TaskCounts {
    return this.#delegator.counts;
  }

  /** Listens for an event; gives what ends that. */
  on<Name extends keyof TaskEvents>(name: Name, listener: (event: TaskEvents[Name]) => void): Unsubscribe {
    return this.#emitter.on(name, listener);
  }

  /**
   * Does tasks of a name for others, who learn by presence that we do. What the function throws fails the task: a SkeinError as it is,
   * anything else as `handler-failed`, without its text or stack. It isn't tried again elsewhere.
   *
   * For one attempt it runs at most once, also where the link is lost and the same peer asks again. Another attempt is another run, here or
   * elsewhere: what must not happen twice has to be asked for with `attempts: 1`.
   * @throws {SkeinError} `bad-argument`, `too-large` where it is a capability too many, `closed`
   */
  handle<In extends Schema, Out extends Schema>(
    name: string,
    handling: TaskHandling<In, Out>,
    run: TaskFunction<TaskInput<In>, TaskOutput<Out>>,
  ): Unsubscribe {
    this.#mustBeOpen();
    mustBeName(name);
    return this.#worker.handle(name, handling, run);
  }

  /**
   * Has a task done by the least busy peer that can. Where that one is busy, lost, too slow, or brings what `output` forbids, another one gets
   * it. Never ourselves.
   * @throws {SkeinError} `no-such-peer` where nobody can do it, `timeout`, `link-lost` where its last worker was lost, `bad-message` where the
   * output doesn't fit, `bad-body` where the input doesn't, `too-large`, `handler-failed` or the code that the function threw, `aborted`,
   * `bad-argument`, `closed`
   */
  delegate<Out extends Schema | undefined = undefined>(options: DelegateOptions<Out>): Promise<Delegated<Out>> {
    if (this.#state === "closed") return Promise.reject(closedError());
    // It was held against the schema where there is one, and is unknown otherwise.
    return this.#delegator.delegate(options) as Promise<Delegated<Out>>;
  }

  /**
   * Has a task done for each of many items, by as many workers as there are, and gives the outputs in the items' order. The first that fails
   * ends it, as does whoever stops taking: the rest is called off.
   * @throws {SkeinError} as {@link Tasks.delegate}
   * @example for await (const text of tasks.map(pages, { name: "ocr", inFlight: 8 })) console.log(text);
   */
  map<Item, Out extends Schema | undefined = undefined>(
    items: Iterable<Item> | AsyncIterable<Item>,
    { inFlight = 16, input, signal, ...options }: MapOptions<Item, Out>,
  ): AsyncGenerator<Delegated<Out>, void, void> {
    this.#mustBeOpen();
    mustBeCount("inFlight", inFlight);
    return inOrder(items, inFlight, (item, index, over) => {
      const both = signal === undefined ? over : AbortSignal.any([signal, over]);
      const one = { ...options, input: input === undefined ? item : input(item, index), signal: both };
      return this.delegate(one as unknown as DelegateOptions<Out>);
    });
  }

  /** Tasks that we gave away fail with `closed`; those of others are aborted. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#delegator.close();
    this.#worker.close();
    this.#emitter.clear();
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #mustBeOpen(): void {
    if (this.#state === "closed") throw closedError();
  }
}

function closedError(): SkeinError {
  return new SkeinError("closed", "These tasks were closed: create others.");
}
