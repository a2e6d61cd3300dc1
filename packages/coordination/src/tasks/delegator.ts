import {
  isErrorCode,
  type Messenger,
  type RandomBytes,
  type Schema,
  SkeinError,
  toBase64Url,
  type Unsubscribe,
  validate,
} from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { PresentPeer } from "../presence/core/presence-book.js";
import type { Presence } from "../presence/presence.js";
import { Alarm } from "../shared/alarm.js";
import { TaskBook } from "./core/task-book.js";
import type { TaskCounts, TaskEffect, TaskEvent } from "./core/task-events.js";
import type { Task, TaskFailure, TaskResult } from "./core/task-state.js";
import type { DelegateOptions } from "./options.js";
import { orderOf } from "./order.js";
import { type Outcome, tasksProtocol, wireKey } from "./protocol.js";

export interface DelegatorWorld {
  readonly messenger: Messenger;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly handedOver: (effect: Extract<TaskEffect, { type: "handed-over" }>, name: string) => void;
  readonly settled: (task: string, name: string, result: TaskResult) => void;
}

/** What stays with us of a task. */
interface Open {
  readonly name: string;
  /** As they were when it was given: whoever gave it may change theirs. */
  readonly options: DelegateOptions<Schema | undefined>;
  readonly resolve: (output: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly abort: (() => void) | undefined;
  /** The parts that came are dealt with. */
  dealtWith: Promise<void>;
}

const dealtWith = Promise.resolve();

/** Gives tasks away, as the book says. */
export class Delegator {
  readonly #world: DelegatorWorld;
  readonly #book = new TaskBook();
  readonly #alarm: Alarm;
  readonly #open = new Map<string, Open>();
  readonly #stops: readonly Unsubscribe[];
  /** Other processes of the same identity must not share a key with us: a worker may remember theirs. */
  readonly #prefix: string;
  #next = 0;

  constructor(world: DelegatorWorld) {
    const { messenger, presence, clock, random } = world;
    this.#world = world;
    this.#prefix = toBase64Url(random(9));
    this.#alarm = new Alarm(clock, () => this.#feed({ type: "woke" }));
    const meet = ({ id, capabilities, load }: PresentPeer) => this.#feed({ type: "worker", id, capabilities, load });
    this.#stops = [
      presence.on("joined", meet),
      presence.on("changed", ({ peer }) => meet(peer)),
      presence.on("left", ({ id }) => this.#feed({ type: "gone", id })),
      messenger.handle(tasksProtocol.done, ({ task, attempt = 1, output }, { id: worker }) =>
        this.#feed({ type: "outcome", worker, task, attempt, outcome: this.#checked(task, output) }),
      ),
      messenger.handle(tasksProtocol.failed, ({ task, attempt = 1, code, message }, { id: worker }) =>
        this.#feed({ type: "outcome", worker, task, attempt, outcome: { is: "failed", code, message } }),
      ),
      messenger.handle(tasksProtocol.refused, ({ task, attempt = 1, is }, { id: worker }) =>
        this.#feed({ type: "outcome", worker, task, attempt, outcome: { is } }),
      ),
      messenger.handle(tasksProtocol.progress, ({ task, attempt = 1, value }, { id: worker }) =>
        this.#feed({ type: "progress", worker, task, attempt, value }),
      ),
      messenger.handle(tasksProtocol.part, ({ task, attempt = 1, index, value }, { id: worker }) => {
        this.#feed({ type: "part", worker, task, attempt, index, value });
        // Until it is dealt with, the link holds its sender back.
        return this.#open.get(task)?.dealtWith;
      }),
    ];
    for (const peer of presence.peers) meet(peer);
  }

  get tasks(): readonly Task[] {
    return [...this.#book.tasks];
  }

  get counts(): TaskCounts {
    return this.#book.counts;
  }

  /** What fails, fails as a promise. A chain of promises for each task would be most of what it costs here. */
  delegate(options: DelegateOptions<Schema | undefined>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { name, signal } = options;
      const id = `${this.#prefix}${(this.#next++).toString(36)}`;
      const order = orderOf(options, id, this.#world.clock.nowMs());
      if (signal?.aborted) return reject(abortedBy(signal));
      const abort = signal && (() => this.#cancel(id, abortText));
      if (abort !== undefined) signal?.addEventListener("abort", abort, { once: true });
      this.#open.set(id, { name, options: { ...options }, resolve, reject, abort, dealtWith });
      this.#feed({ type: "delegate", order });
    });
  }

  close(): void {
    for (const stop of this.#stops) stop();
    const failure = { code: "closed", message: "Tasks were closed before this one was done." };
    for (const task of [...this.#open.keys()]) this.#feed({ type: "cancel", task, failure });
    this.#alarm.set(undefined);
  }

  #cancel(task: string, message: string): void {
    this.#feed({ type: "cancel", task, failure: { code: "aborted", message } });
  }

  /** What a worker says that it did, held against what was ordered. */
  #checked(task: string, output: unknown): Outcome | ({ readonly is: "misfit" } & TaskFailure) {
    const schema = this.#open.get(task)?.options.output;
    if (schema === undefined) return { is: "done", output };
    const fits = validate(schema, output);
    if (fits.ok) return { is: "done", output: fits.value };
    const message = `The worker's output doesn't fit its schema: ${fits.reason}.`;
    return { is: "misfit", code: "bad-message", message };
  }

  #feed(event: TaskEvent): void {
    const effects = this.#book.handle(event, this.#world.clock.nowMs());
    this.#alarm.set(this.#book.deadline()?.atMs);
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: TaskEffect): void {
    switch (effect.type) {
      case "ask":
        return this.#ask(effect);
      case "call-off":
        return this.#callOff(effect);
      case "handed-over":
        return this.#world.handedOver(effect, this.#open.get(effect.task)?.name ?? "");
      case "progress":
        return this.#open.get(effect.task)?.options.onProgress?.(effect.value, effect);
      case "part":
        return this.#passPart(effect);
      case "settle":
        return this.#settle(effect);
    }
  }

  #callOff({ worker, task, attempt }: Extract<TaskEffect, { type: "call-off" }>): void {
    this.#world.messenger.send(worker, tasksProtocol.cancel, wireKey(task, attempt)).catch(() => {});
  }

  #ask({ worker, task, attempt, again }: Extract<TaskEffect, { type: "ask" }>): void {
    const open = this.#open.get(task);
    if (open === undefined) return;
    const { name, input } = open.options;
    const body = {
      ...wireKey(task, attempt),
      name,
      ...(input === undefined ? {} : { input }),
      ...(again && { again }),
    };
    this.#world.messenger.send(worker, tasksProtocol.run, body).catch((cause) => {
      const { code, message } = SkeinError.from(cause, "bad-body");
      this.#feed({ type: "unsent", task, attempt, failure: { code, message } });
    });
  }

  #passPart({ task, value, worker, attempt, index }: Extract<TaskEffect, { type: "part" }>): void {
    const open = this.#open.get(task);
    const onPart = open?.options.onPart;
    if (open === undefined || onPart === undefined) return;
    open.dealtWith = open.dealtWith
      .then(() => onPart(value, { worker, attempt, index }))
      .catch((error) => {
        open.reject(error);
        this.#cancel(task, "What takes the parts threw.");
      });
  }

  #settle({ task, result }: Extract<TaskEffect, { type: "settle" }>): void {
    const open = this.#open.get(task);
    if (open === undefined) return;
    this.#open.delete(task);
    if (open.abort !== undefined) open.options.signal?.removeEventListener("abort", open.abort);
    this.#world.settled(task, open.name, result);
    // Those before the end come before the end.
    if (open.options.onPart === undefined) answer(open, result);
    else void open.dealtWith.then(() => answer(open, result));
  }
}

function answer({ options, resolve, reject }: Open, result: TaskResult): void {
  if (result.is === "done") return resolve(result.output);
  const code = isErrorCode(result.code) ? result.code : "handler-failed";
  const cause = code === "aborted" ? options.signal?.reason : undefined;
  reject(new SkeinError(code, result.message, { cause }));
}

const abortText = "The task was aborted by whoever gave it.";

function abortedBy(signal: AbortSignal): SkeinError {
  return new SkeinError("aborted", abortText, { cause: signal.reason });
}
