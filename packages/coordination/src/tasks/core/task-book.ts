import type { PeerId } from "@skein/protocol";
import { blameOf, lostTask, lostWorker, nobodyDoes, timedOut, tooSlow } from "./failures.js";
import { type Queue, Queues } from "./queues.js";
import type { TaskCounts, TaskEffect, TaskEvent } from "./task-events.js";
import { graceMs, type Task, type TaskFailure, type TaskOrder, type TaskResult } from "./task-state.js";
import { VoidAttempts } from "./void-attempts.js";
import { Workers } from "./workers.js";

const slowAgainMs = 1_000;

/** Who was tried, of a task that nobody has had. */
const nobody: ReadonlySet<PeerId> = new Set();

/**
 * The tasks that we gave away, from whom they are, and what becomes of them.
 *
 * Invariants:
 * 1. A task is settled exactly once, at `untilMs` at the latest.
 * 2. One worker at a time has it; each that gets it has an attempt of its own, whose number isn't used again.
 * 3. No more than `attempts` workers get it, those aside who said that they were busy.
 * 4. A worker whose link was lost is asked for the same attempt again when it is back; another one that is there gets the task at once.
 * 5. What comes of an attempt that was given up is dropped, and counted.
 */
export class TaskBook {
  readonly #tasks = new Map<string, Task>();
  readonly #queues = new Queues();
  readonly #workers = new Workers();
  readonly #void = new VoidAttempts();
  #counts = { late: 0, stray: 0, busy: 0, handedOver: 0 };
  /** The earliest deadline. What was settled meanwhile may have left one that is too early: waking for nothing costs little. */
  #wakeMs = Number.POSITIVE_INFINITY;
  #effects: TaskEffect[] = [];

  get counts(): TaskCounts {
    return this.#counts;
  }

  get tasks(): IterableIterator<Task> {
    return this.#tasks.values();
  }

  get(id: string): Task | undefined {
    return this.#tasks.get(id);
  }

  deadline(): { readonly atMs: number; readonly reason: string } | undefined {
    return this.#wakeMs === Number.POSITIVE_INFINITY
      ? undefined
      : { atMs: this.#wakeMs, reason: "a task's time is up" };
  }

  handle(event: TaskEvent, nowMs: number): readonly TaskEffect[] {
    this.#effects = [];
    this.#step(event, nowMs);
    return this.#effects;
  }

  #step(event: TaskEvent, nowMs: number): void {
    switch (event.type) {
      case "delegate":
        return this.#add(event.order, nowMs);
      case "cancel":
        return this.#fail(event.task, event.failure, nowMs);
      case "worker":
        return this.#meet(event, nowMs);
      case "gone":
        return this.#lose(event.id, nowMs);
      case "outcome":
        return this.#conclude(event, nowMs);
      case "progress":
        return this.#hear(event, nowMs);
      case "part":
        return this.#hear(event, nowMs);
      case "unsent":
        return this.#unsent(event, nowMs);
      case "woke":
        return this.#wake(nowMs);
    }
  }

  #add(order: TaskOrder, nowMs: number): void {
    const state = { phase: "waiting", sinceMs: nowMs } as const;
    const task: Task = { order, state, attempt: 0, taken: 0, tried: nobody };
    this.#wakeBy(order.untilMs);
    // Most find somebody at once, and needn't stand in a queue.
    const isFirst = nowMs < order.untilMs && this.#queues.of(order) === undefined;
    const choice = isFirst ? this.#workers.choose(order.name, order, nobody, nowMs) : undefined;
    if (choice?.is === "worker") return this.#ask(task, choice.id, nowMs);
    this.#tasks.set(order.id, task);
    this.#serve(this.#queues.add(order), nowMs);
  }

  #meet({ id, capabilities, load }: Extract<TaskEvent, { type: "worker" }>, nowMs: number): void {
    const isNew = !this.#workers.has(id);
    this.#workers.set(id, capabilities, load);
    if (isNew) {
      for (const { task, attempt } of this.#void.of(id)) {
        this.#effects.push({ type: "call-off", worker: id, task, attempt });
      }
    }
    this.#reunite(id, nowMs);
    this.#serveAll(nowMs);
  }

  /** Whoever was estranged from this worker asks it again, once it says that it can do such things. */
  #reunite(id: PeerId, nowMs: number): void {
    for (const waiting of this.#queues.tasks()) {
      const task = this.#tasks.get(waiting);
      if (task === undefined) continue;
      const { state, order } = task;
      if (state.phase !== "estranged" || state.worker !== id || !this.#workers.fits(id, order)) continue;
      const { attempt, parts } = state;
      this.#queues.remove(order);
      this.#workers.give(id, order.id);
      this.#run(task, { worker: id, attempt, parts }, nowMs);
      this.#effects.push({ type: "ask", worker: id, task: order.id, attempt, again: { parts } });
    }
  }

  #lose(id: PeerId, nowMs: number): void {
    for (const taskId of this.#workers.remove(id)) {
      const task = this.#tasks.get(taskId);
      if (task?.state.phase === "running") this.#estrange(task, task.state, nowMs);
    }
    this.#serveAll(nowMs);
  }

  #estrange(task: Task, { worker, attempt, parts }: Extract<Task["state"], { phase: "running" }>, nowMs: number): void {
    const untilMs = nowMs + graceMs;
    this.#tasks.set(task.order.id, {
      ...task,
      failure: lostWorker,
      state: { phase: "estranged", worker, attempt, parts, untilMs },
    });
    this.#wakeBy(untilMs);
    this.#queues.add(task.order);
  }

  #conclude({ worker, task: id, attempt, outcome }: Extract<TaskEvent, { type: "outcome" }>, nowMs: number): void {
    const task = this.#current(worker, id, attempt);
    if (task === undefined) return this.#drop(worker, id, attempt);
    const { name } = task.order;
    if (outcome.is === "done" || outcome.is === "failed") this.#workers.clear(worker, name);
    switch (outcome.is) {
      case "done":
        return this.#settle(task, { is: "done", output: outcome.output, worker }, nowMs);
      case "busy":
        this.#counts = { ...this.#counts, busy: this.#counts.busy + 1 };
        this.#workers.markBusy(worker, name, nowMs);
        return this.#release({ ...task, taken: task.taken - 1 }, task.failure, nowMs);
      case "unknown":
        return this.#release(task, lostTask, nowMs);
      case "misfit":
        return this.#release(task, outcome, nowMs);
      case "failed":
        if (outcome.code !== "no-handler") return this.#settle(task, outcome, nowMs);
        this.#workers.markUnable(worker, name);
        return this.#release({ ...task, taken: task.taken - 1 }, task.failure, nowMs);
    }
  }

  /** The attempt came to nothing: the next one, where there may be one. */
  #release(task: Task, failure: TaskFailure | undefined, nowMs: number): void {
    const { state, order } = task;
    if (state.phase === "running") this.#workers.take(state.worker, order.id);
    if (task.taken >= order.attempts && failure !== undefined) {
      this.#tasks.set(order.id, { ...task, state: { phase: "waiting", sinceMs: nowMs } });
      return this.#fail(order.id, failure, nowMs);
    }
    this.#tasks.set(order.id, { ...task, failure, state: { phase: "waiting", sinceMs: nowMs } });
    this.#serve(this.#queues.add(order), nowMs);
  }

  #hear(event: Extract<TaskEvent, { type: "progress" | "part" }>, nowMs: number): void {
    const { worker, task: id, attempt } = event;
    const task = this.#current(worker, id, attempt);
    const state = task?.state;
    if (task === undefined || state?.phase !== "running") {
      if (!this.#void.has(worker, id, attempt)) this.#counts = { ...this.#counts, stray: this.#counts.stray + 1 };
      return;
    }
    // A part that isn't the next is no part of this result.
    if (event.type === "part" && event.index !== state.parts) {
      this.#counts = { ...this.#counts, stray: this.#counts.stray + 1 };
      return;
    }
    this.#run(task, { worker, attempt, parts: event.type === "part" ? state.parts + 1 : state.parts }, nowMs);
    this.#effects.push(event);
  }

  #unsent({ task: id, attempt, failure }: Extract<TaskEvent, { type: "unsent" }>, nowMs: number): void {
    const task = this.#tasks.get(id);
    if (task?.state.phase !== "running" || task.state.attempt !== attempt) return;
    switch (blameOf(failure)) {
      case "task":
        return this.#fail(id, failure, nowMs);
      case "worker":
        this.#workers.markUnable(task.state.worker, task.order.name);
        return this.#release({ ...task, taken: task.taken - 1 }, task.failure, nowMs);
      case "link":
        // It may have arrived all the same.
        this.#void.add(task.state.worker, id, attempt);
        return this.#release(task, failure, nowMs);
    }
  }

  #wake(nowMs: number): void {
    this.#wakeMs = Number.POSITIVE_INFINITY;
    this.#serveAll(nowMs);
    for (const { order } of [...this.#tasks.values()]) this.#check(order.id, nowMs);
  }

  #check(id: string, nowMs: number): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    const { order, state } = task;
    if (nowMs >= order.untilMs) return this.#fail(id, timedOut(task), nowMs);
    this.#wakeBy(order.untilMs);
    if (state.phase === "running") return this.#checkSlow(task, state, nowMs);
    if (state.phase === "estranged" && nowMs >= state.untilMs) return this.#giveUpOn(task, nowMs);
    if (state.phase === "estranged") return this.#wakeBy(state.untilMs);
    this.#checkNobody(task, state.sinceMs, nowMs);
  }

  #checkSlow(task: Task, state: Extract<Task["state"], { phase: "running" }>, nowMs: number): void {
    if (nowMs < state.slowMs) return this.#wakeBy(state.slowMs);
    const { order, tried } = task;
    const choice = this.#workers.choose(order.name, order, tried, nowMs, state.worker);
    if (task.taken < order.attempts && choice.is === "worker") {
      this.#callOff(task);
      this.#workers.take(state.worker, order.id);
      return this.#ask({ ...task, failure: tooSlow(order.attemptMs) }, choice.id, nowMs);
    }
    // Nobody does it sooner: it goes on, and another one may come.
    const slowMs = nowMs + Math.min(order.attemptMs, slowAgainMs);
    this.#tasks.set(order.id, { ...task, state: { ...state, slowMs } });
    this.#wakeBy(slowMs);
  }

  /** An estranged worker had its time. */
  #giveUpOn(task: Task, nowMs: number): void {
    this.#callOff(task);
    this.#queues.remove(task.order);
    this.#release(task, task.failure, nowMs);
  }

  #checkNobody({ order, failure }: Task, sinceMs: number, nowMs: number): void {
    const nobodySinceMs = this.#queues.of(order)?.nobodySinceMs;
    if (nobodySinceMs === undefined) return;
    const untilMs = Math.max(nobodySinceMs, sinceMs) + order.nobodyMs;
    if (nowMs < untilMs) return this.#wakeBy(untilMs);
    this.#fail(order.id, failure ?? nobodyDoes(order.name), nowMs);
  }

  #serveAll(nowMs: number): void {
    if (this.#queues.isEmpty) return;
    for (const queue of this.#queues.all) this.#serve(queue, nowMs);
  }

  /** Gives those who wait to whoever can do them, first come, first served. */
  #serve(queue: Queue, nowMs: number): void {
    for (const id of queue.tasks) {
      const task = this.#tasks.get(id);
      // One that may be given to nobody else waits for its worker alone.
      if (task === undefined || task.taken >= task.order.attempts || nowMs >= task.order.untilMs) continue;
      const { order } = task;
      const choice = this.#workers.choose(order.name, order, task.tried, nowMs);
      if (choice.is === "nobody") {
        queue.nobodySinceMs ??= nowMs;
        this.#wakeBy(nowMs + order.nobodyMs);
        return;
      }
      queue.nobodySinceMs = undefined;
      if (choice.is === "busy") return this.#wakeBy(choice.untilMs);
      this.#queues.remove(order);
      if (task.state.phase === "estranged") this.#void.add(task.state.worker, id, task.state.attempt);
      this.#ask(task, choice.id, nowMs);
    }
  }

  #ask(task: Task, worker: PeerId, nowMs: number): void {
    const { order, last, failure } = task;
    const attempt = task.attempt + 1;
    if (last !== undefined && failure !== undefined) {
      this.#counts = { ...this.#counts, handedOver: this.#counts.handedOver + 1 };
      this.#effects.push({ type: "handed-over", task: order.id, from: last, to: worker, reason: failure });
    }
    this.#workers.give(worker, order.id);
    const tried = new Set(task.tried).add(worker);
    this.#run({ ...task, attempt, tried, last: worker, taken: task.taken + 1 }, { worker, attempt, parts: 0 }, nowMs);
    this.#effects.push({ type: "ask", worker, task: order.id, attempt, again: undefined });
  }

  #run(task: Task, at: { worker: PeerId; attempt: number; parts: number }, nowMs: number): void {
    const slowMs = nowMs + task.order.attemptMs;
    this.#tasks.set(task.order.id, { ...task, state: { phase: "running", ...at, slowMs } });
    this.#wakeBy(slowMs);
  }

  /** What this worker has of us under this key, if it is the one that counts. */
  #current(worker: PeerId, id: string, attempt: number): Task | undefined {
    const task = this.#tasks.get(id);
    const isIt = task?.state.phase === "running" && task.state.worker === worker && task.state.attempt === attempt;
    return isIt ? task : undefined;
  }

  #drop(worker: PeerId, task: string, attempt: number): void {
    const isLate = this.#void.remove(worker, task, attempt);
    const { late, stray } = this.#counts;
    this.#counts = { ...this.#counts, late: late + (isLate ? 1 : 0), stray: stray + (isLate ? 0 : 1) };
  }

  #fail(id: string, failure: TaskFailure, nowMs: number): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    this.#callOff(task);
    this.#settle(task, { is: "failed", code: failure.code, message: failure.message }, nowMs);
  }

  /** Whoever has it needn't go on. */
  #callOff({ order, state }: Task): void {
    if (state.phase === "waiting") return;
    const { worker, attempt } = state;
    this.#void.add(worker, order.id, attempt);
    if (state.phase === "running") this.#effects.push({ type: "call-off", worker, task: order.id, attempt });
  }

  #settle({ order, state }: Task, result: TaskResult, nowMs: number): void {
    this.#tasks.delete(order.id);
    if (this.#tasks.size === 0) this.#wakeMs = Number.POSITIVE_INFINITY;
    this.#effects.push({ type: "settle", task: order.id, result });
    if (state.phase !== "running") return this.#queues.remove(order);
    this.#workers.take(state.worker, order.id);
    this.#serveAll(nowMs);
  }

  #wakeBy(atMs: number): void {
    this.#wakeMs = Math.min(this.#wakeMs, atMs);
  }
}
