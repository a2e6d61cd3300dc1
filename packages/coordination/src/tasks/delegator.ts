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
import { type Deferred, deferred } from "../shared/deferred.js";
import { TaskBook, type TaskCounts, type TaskEffect, type TaskEvent } from "./core/task-book.js";
import type { Task, TaskFailure, TaskOrder, TaskResult } from "./core/task-state.js";
import type { PartPlace } from "./options.js";
import { type Outcome, tasksProtocol } from "./protocol.js";

export interface DelegatorWorld {
  readonly messenger: Messenger;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly handedOver: (effect: Extract<TaskEffect, { type: "handed-over" }>, name: string) => void;
  readonly settled: (task: string, name: string, result: TaskResult) => void;
}

/** What stays with us of a task. */
export interface Assignment {
  readonly input: unknown;
  readonly output: Schema | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((value: unknown, place: Omit<PartPlace, "index">) => void) | undefined;
  readonly onPart: ((value: unknown, place: PartPlace) => void | Promise<void>) | undefined;
}

interface Open extends Assignment {
  readonly name: string;
  readonly answer: Deferred<unknown>;
  /** The parts that came are dealt with. */
  dealtWith: Promise<void>;
  readonly stopListening: () => void;
}

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
    this.#prefix = toBase64Url(random(12));
    this.#alarm = new Alarm(clock, () => this.#feed({ type: "woke" }));
    const meet = ({ id, capabilities, load }: PresentPeer) => this.#feed({ type: "worker", id, capabilities, load });
    this.#stops = [
      presence.on("joined", meet),
      presence.on("changed", ({ peer }) => meet(peer)),
      presence.on("left", ({ id }) => this.#feed({ type: "gone", id })),
      messenger.handle(tasksProtocol.outcome, ({ task, attempt, ...outcome }, { id: worker }) =>
        this.#feed({ type: "outcome", worker, task, attempt, outcome: this.#checked(task, outcome) }),
      ),
      messenger.handle(tasksProtocol.progress, ({ value, ...key }, { id: worker }) =>
        this.#feed({ type: "progress", worker, ...key, value }),
      ),
      messenger.handle(tasksProtocol.part, ({ value, ...key }, { id: worker }) => {
        this.#feed({ type: "part", worker, ...key, value });
        // Until it is dealt with, the link holds its sender back.
        return this.#open.get(key.task)?.dealtWith;
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

  /** @throws {SkeinError} */
  async delegate(order: Omit<TaskOrder, "id">, assignment: Assignment): Promise<unknown> {
    const { signal } = assignment;
    if (signal?.aborted) throw abortedBy(signal);
    const id = `${this.#prefix}-${this.#next++}`;
    const abort = () => this.#feed({ type: "cancel", task: id, failure: { code: "aborted", message: abortText } });
    signal?.addEventListener("abort", abort, { once: true });
    const stopListening = () => signal?.removeEventListener("abort", abort);
    const answer = deferred<unknown>();
    this.#open.set(id, { ...assignment, name: order.name, answer, stopListening, dealtWith: Promise.resolve() });
    this.#feed({ type: "delegate", order: { ...order, id } });
    return answer.promise;
  }

  close(): void {
    for (const stop of this.#stops) stop();
    const failure = { code: "closed", message: "Tasks were closed before this one was done." };
    for (const task of [...this.#open.keys()]) this.#feed({ type: "cancel", task, failure });
    this.#alarm.set(undefined);
  }

  /** What a worker says that it did, held against what was ordered. */
  #checked(task: string, outcome: Outcome): Outcome | ({ readonly is: "misfit" } & TaskFailure) {
    const schema = this.#open.get(task)?.output;
    if (outcome.is !== "done" || schema === undefined) return outcome;
    const fits = validate(schema, outcome.output);
    if (fits.ok) return { is: "done", output: fits.value };
    return {
      is: "misfit",
      code: "bad-message",
      message: `The worker's output doesn't fit its schema: ${fits.reason}.`,
    };
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
      case "call-off": {
        const { worker, task, attempt } = effect;
        this.#world.messenger.send(worker, tasksProtocol.cancel, { task, attempt }).catch(() => {});
        return;
      }
      case "handed-over":
        return this.#world.handedOver(effect, this.#open.get(effect.task)?.name ?? "");
      case "progress":
        return this.#open.get(effect.task)?.onProgress?.(effect.value, effect);
      case "part":
        return this.#passPart(effect);
      case "settle":
        void this.#settle(effect);
    }
  }

  #ask({ worker, task, attempt, again }: Extract<TaskEffect, { type: "ask" }>): void {
    const open = this.#open.get(task);
    if (open === undefined) return;
    const { name, input } = open;
    const body = { task, attempt, name, ...(input === undefined ? {} : { input }), ...(again && { again }) };
    this.#world.messenger.send(worker, tasksProtocol.run, body).catch((cause) => {
      const { code, message } = SkeinError.from(cause, "bad-body");
      this.#feed({ type: "unsent", task, attempt, failure: { code, message } });
    });
  }

  #passPart(effect: Extract<TaskEffect, { type: "part" }>): void {
    const open = this.#open.get(effect.task);
    const { onPart } = open ?? {};
    if (open === undefined || onPart === undefined) return;
    const { task, value, worker, attempt, index } = effect;
    open.dealtWith = open.dealtWith
      .then(() => onPart(value, { worker, attempt, index }))
      .catch((error) => {
        open.answer.reject(error);
        this.#feed({ type: "cancel", task, failure: { code: "aborted", message: "What takes the parts threw." } });
      });
  }

  async #settle({ task, result }: Extract<TaskEffect, { type: "settle" }>): Promise<void> {
    const open = this.#open.get(task);
    if (open === undefined) return;
    this.#open.delete(task);
    open.stopListening();
    this.#world.settled(task, open.name, result);
    // Those before the end come before the end.
    if (open.onPart !== undefined) await open.dealtWith;
    if (result.is === "done") return open.answer.resolve(result.output);
    const code = isErrorCode(result.code) ? result.code : "handler-failed";
    const cause = code === "aborted" ? open.signal?.reason : undefined;
    open.answer.reject(new SkeinError(code, result.message, { cause }));
  }
}

const abortText = "The task was aborted by whoever gave it.";

function abortedBy(signal: AbortSignal): SkeinError {
  return new SkeinError("aborted", abortText, { cause: signal.reason });
}
