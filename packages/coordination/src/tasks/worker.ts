import { isErrorCode, type Messenger, type Schema, SkeinError, type Unsubscribe, validate } from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { Presence } from "../presence/presence.js";
import { Alarm } from "../shared/alarm.js";
import {
  type RunKey,
  rememberedBytesMost,
  WorkerBook,
  type WorkerEffect,
  type WorkerEvent,
} from "./core/worker-book.js";
import type { TaskContext, TaskFunction, TaskHandling } from "./function.js";
import { failureLength, type Outcome, taskCapability, tasksProtocol } from "./protocol.js";
import { RunSignal } from "./run-signal.js";
import { sizeOf } from "./size-of.js";

export interface WorkerWorld {
  readonly messenger: Messenger;
  readonly presence: Presence;
  readonly clock: Clock;
  /** A function of ours failed: whoever asked hears of it only what is meant for others. */
  readonly trouble: (error: SkeinError) => void;
}

interface Handler {
  readonly run: TaskFunction<unknown, unknown>;
  readonly input: Schema | undefined;
  readonly output: Schema | undefined;
}

type Start = Extract<WorkerEffect, { type: "start" }>;

/** Runs the functions, as the book says. */
export class Worker {
  readonly #world: WorkerWorld;
  readonly #book = new WorkerBook();
  readonly #alarm: Alarm;
  readonly #handlers = new Map<string, Handler>();
  readonly #signals = new Map<number, RunSignal>();
  readonly #stops: readonly Unsubscribe[];
  #state: "open" | "closed" = "open";

  constructor(world: WorkerWorld) {
    const { messenger, clock } = world;
    this.#world = world;
    this.#alarm = new Alarm(clock, () => this.#feed({ type: "woke" }));
    this.#stops = [
      messenger.handle(tasksProtocol.run, ({ task, attempt, name, input, again }, { id: peer }) =>
        this.#feed({ type: "run", key: { peer, task, attempt }, name, input, again }),
      ),
      messenger.handle(tasksProtocol.cancel, (key, { id: peer }) =>
        this.#feed({ type: "cancel", key: { peer, ...key } }),
      ),
      messenger.onPeer(({ type, peer }) => {
        if (type === "gone") this.#feed({ type, peer: peer.id });
      }),
    ];
  }

  /** How many functions run now. */
  get running(): number {
    return this.#book.running;
  }

  /** @throws {SkeinError} `bad-argument`, `too-large` */
  handle(name: string, handling: TaskHandling<Schema, Schema>, run: TaskFunction<never, unknown>): Unsubscribe {
    const { input, output, concurrency = 8 } = handling;
    if (this.#handlers.has(name)) {
      throw new SkeinError(
        "bad-argument",
        `Tasks of the name ${name} are handled already: take that handler away first.`,
      );
    }
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new SkeinError(
        "bad-argument",
        `A concurrency of ${concurrency} makes no sense: give a whole number from 1.`,
      );
    }
    const takeBack = this.#world.presence.provide(taskCapability(name));
    const handler: Handler = { run: run as Handler["run"], input, output };
    this.#handlers.set(name, handler);
    this.#book.offer(name, concurrency);
    return () => {
      if (this.#handlers.get(name) !== handler) return;
      this.#handlers.delete(name);
      this.#book.offer(name, undefined);
      takeBack();
    };
  }

  close(): void {
    this.#state = "closed";
    for (const stop of this.#stops) stop();
    this.#alarm.set(undefined);
    const reason = new SkeinError("closed", "Tasks were closed.");
    for (const signal of this.#signals.values()) signal.abort(reason);
  }

  #feed(event: WorkerEvent): void {
    if (this.#state === "closed") return;
    const { clock, presence } = this.#world;
    const effects = this.#book.handle(event, clock.nowMs());
    this.#alarm.set(this.#book.deadline()?.atMs);
    for (const effect of effects) this.#carryOut(effect);
    presence.setWorkLoad(this.#book.load);
  }

  #carryOut(effect: WorkerEffect): void {
    switch (effect.type) {
      case "start":
        void this.#start(effect);
        return;
      case "abort":
        return this.#signals.get(effect.run)?.abort(aborted(effect.reason));
      case "answer":
        void this.#answer(effect.key, effect.outcome);
    }
  }

  async #start(start: Start): Promise<void> {
    const signal = new RunSignal();
    this.#signals.set(start.run, signal);
    const outcome = await this.#run(start, signal).catch((cause) => this.#failure(start.name, cause));
    this.#signals.delete(start.run);
    this.#feed({ type: "finished", run: start.run, outcome, bytes: sizeOf(outcome, rememberedBytesMost) });
  }

  /** @throws what the function throws */
  async #run({ run, key, name, input }: Start, signal: RunSignal): Promise<Outcome> {
    const handler = this.#handlers.get(name);
    if (handler === undefined)
      throw new SkeinError("no-handler", `This peer does no tasks of the name ${name} any more.`);
    const fits = handler.input === undefined ? { ok: true as const, value: input } : validate(handler.input, input);
    if (!fits.ok) throw new SkeinError("bad-body", `The worker's schema refused the input of ${name}.`);
    const progress = this.#progressOf(key, signal);
    const context: TaskContext = {
      get signal() {
        return signal.signal;
      },
      from: key.peer,
      key: `${key.peer}/${key.task}/${key.attempt}`,
      progress: progress.tell,
    };
    const result = handler.run(fits.value, context);
    const output = isGenerator(result) ? await this.#stream(run, key, result, signal) : await result;
    progress.end();
    if (handler.output === undefined) return { is: "done", output };
    const answer = validate(handler.output, output);
    if (!answer.ok)
      throw new TypeError(`What the function of ${name} returned doesn't fit its schema: ${answer.reason}.`);
    // What goes over the wire is what was given, as everywhere: the other side's schema makes of it what it will.
    return { is: "done", output };
  }

  async #stream(
    run: number,
    { peer, ...key }: RunKey,
    parts: AsyncGenerator<unknown, unknown, void>,
    signal: RunSignal,
  ): Promise<unknown> {
    for (let index = 0; ; index++) {
      const step = await parts.next();
      if (step.done) return step.value;
      if (signal.isAborted) return parts.return(undefined).then(() => Promise.reject(signal.signal.reason));
      this.#feed({ type: "part", run });
      // Where the link is lost, so is the part: whoever asks again will see that.
      await this.#world.messenger
        .send(peer, tasksProtocol.part, { ...key, index, value: step.value })
        .catch(ifUnsendable);
    }
  }

  /** Tells the latest, one at a time. */
  #progressOf({ peer, ...key }: RunKey, signal: RunSignal): { tell(value: unknown): void; end(): void } {
    let waiting: { readonly value: unknown } | undefined;
    let state: "idle" | "sending" | "ended" = "idle";
    const next = () => {
      if (state === "sending") state = "idle";
      if (state !== "idle" || waiting === undefined || signal.isAborted) return;
      const { value } = waiting;
      waiting = undefined;
      state = "sending";
      this.#world.messenger.send(peer, tasksProtocol.progress, { ...key, value }).then(next, next);
    };
    return {
      tell: (value) => {
        waiting = { value };
        if (state === "idle") next();
      },
      end: () => {
        state = "ended";
      },
    };
  }

  /** What is told across the link: a SkeinError as it is, anything else without a word of it. */
  #failure(name: string, cause: unknown): Outcome {
    if (this.#state === "open") this.#tellTrouble(name, cause);
    if (SkeinError.is(cause) && isErrorCode(cause.code)) {
      return { is: "failed", code: cause.code, message: cause.message.slice(0, failureLength) };
    }
    return { is: "failed", code: "handler-failed", message: `The worker's function of ${name} failed.` };
  }

  #tellTrouble(name: string, cause: unknown): void {
    // Whoever gave up knows.
    if (SkeinError.is(cause, "aborted")) return;
    this.#world.trouble(new SkeinError("handler-failed", `The function of ${name} failed.`, { cause }));
  }

  async #answer({ peer, ...key }: RunKey, outcome: Outcome): Promise<void> {
    const { messenger } = this.#world;
    const body = { ...key, ...outcome };
    try {
      await messenger.send(peer, tasksProtocol.outcome, body);
    } catch (error) {
      const unsendable = unsendableCode(error);
      // Where the link is lost, whoever asked will ask again.
      if (unsendable === undefined) return;
      const message = "What the function returned can't be sent: it is too large, or no plain data.";
      await messenger
        .send(peer, tasksProtocol.outcome, { ...key, is: "failed", code: unsendable, message })
        .catch(() => {});
    }
  }
}

function unsendableCode(error: unknown): "too-large" | "bad-body" | undefined {
  if (SkeinError.is(error, "too-large")) return "too-large";
  return SkeinError.is(error, "bad-body") ? "bad-body" : undefined;
}

function ifUnsendable(error: unknown): void {
  if (unsendableCode(error) !== undefined) throw error;
}

function aborted(reason: "cancelled" | "lost"): SkeinError {
  const what = reason === "cancelled" ? "Whoever asked gave up." : "Whoever asked has been out of reach for too long.";
  return new SkeinError("aborted", what);
}

function isGenerator(result: unknown): result is AsyncGenerator<unknown, unknown, void> {
  return typeof result === "object" && result !== null && Symbol.asyncIterator in result && "next" in result;
}
