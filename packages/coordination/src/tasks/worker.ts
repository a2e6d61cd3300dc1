import {
  isErrorCode,
  type Messenger,
  type PeerId,
  type Schema,
  SkeinError,
  type Unsubscribe,
  validate,
} from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { Presence } from "../presence/presence.js";
import { Alarm } from "../shared/alarm.js";
import { ActiveRun } from "./active-run.js";
import { rememberedBytesMost } from "./core/outcome-memory.js";
import type { RunKey } from "./core/run-key.js";
import { WorkerBook, type WorkerEffect, type WorkerEvent } from "./core/worker-book.js";
import type { TaskFunction, TaskHandling } from "./function.js";
import { failureLength, type Key, type Outcome, taskCapability, tasksProtocol, wireKey } from "./protocol.js";
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
  readonly #runs = new Map<number, ActiveRun>();
  readonly #stops: readonly Unsubscribe[];
  #state: "open" | "closed" = "open";

  constructor(world: WorkerWorld) {
    const { messenger, clock } = world;
    this.#world = world;
    this.#alarm = new Alarm(clock, () => this.#feed({ type: "woke" }));
    this.#stops = [
      messenger.handle(tasksProtocol.run, ({ task, attempt = 1, name, input, again }, { id: peer }) =>
        this.#feed({ type: "run", key: { peer, task, attempt }, name, input, again }),
      ),
      messenger.handle(tasksProtocol.cancel, ({ task, attempt = 1 }, { id: peer }) =>
        this.#feed({ type: "cancel", key: { peer, task, attempt } }),
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
    for (const { signal } of this.#runs.values()) signal.abort(reason);
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
        return this.#start(effect);
      case "abort":
        return this.#runs.get(effect.run)?.signal.abort(aborted(effect.reason));
      case "answer":
        return this.#answer(effect.key, effect.outcome);
    }
  }

  /** A function that is done when it returns is answered at once: together with others of the same frame. */
  #start(start: Start): void {
    const active = new ActiveRun(this.#world.messenger, start.key);
    this.#runs.set(start.run, active);
    const fail = (cause: unknown) => this.#finish(start.run, this.#failure(start.name, cause));
    try {
      const handler = this.#handlerOf(start.name);
      const output = this.#run(start, handler, active);
      if (!isPromise(output)) return this.#finish(start.run, doneBy(handler, start.name, output));
      Promise.resolve(output)
        .then((value) => this.#finish(start.run, doneBy(handler, start.name, value)))
        .then(undefined, fail);
    } catch (cause) {
      fail(cause);
    }
  }

  #finish(run: number, outcome: Outcome): void {
    this.#runs.get(run)?.end();
    this.#runs.delete(run);
    this.#feed({ type: "finished", run, outcome, bytes: sizeOf(outcome, rememberedBytesMost) });
  }

  #handlerOf(name: string): Handler {
    const handler = this.#handlers.get(name);
    if (handler !== undefined) return handler;
    throw new SkeinError("no-handler", `This peer does no tasks of the name ${name} any more.`);
  }

  /** @throws what the function throws */
  #run({ run, name, input }: Start, handler: Handler, active: ActiveRun): unknown {
    const fits = handler.input === undefined ? undefined : validate(handler.input, input);
    if (fits?.ok === false) throw new SkeinError("bad-body", `The worker's schema refused the input of ${name}.`);
    const result = handler.run(fits === undefined ? input : fits.value, active.context);
    return isGenerator(result) ? this.#stream(run, active, result) : result;
  }

  async #stream(
    run: number,
    { key: { peer, task, attempt }, signal }: ActiveRun,
    parts: AsyncGenerator<unknown, unknown, void>,
  ): Promise<unknown> {
    for (let index = 0; ; index++) {
      const step = await parts.next();
      if (step.done) return step.value;
      if (signal.isAborted) return parts.return(undefined).then(() => Promise.reject(signal.signal.reason));
      this.#feed({ type: "part", run });
      // Where the link is lost, so is the part: whoever asks again will see that.
      await this.#world.messenger
        .send(peer, tasksProtocol.part, { ...wireKey(task, attempt), index, value: step.value })
        .catch(ifUnsendable);
    }
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

  #answer({ peer, task, attempt }: RunKey, outcome: Outcome): void {
    const key = wireKey(task, attempt);
    this.#say(peer, key, outcome).catch((error) => {
      const code = unsendableCode(error);
      // Where the link is lost, whoever asked will ask again.
      if (code === undefined) return;
      const message = "What the function returned can't be sent: it is too large, or no plain data.";
      this.#say(peer, key, { is: "failed", code, message }).catch(() => {});
    });
  }

  #say(peer: PeerId, key: Key, outcome: Outcome): Promise<void> {
    const { messenger } = this.#world;
    switch (outcome.is) {
      case "done": {
        const { output } = outcome;
        return messenger.send(peer, tasksProtocol.done, output === undefined ? key : { ...key, output });
      }
      case "failed": {
        const { code, message } = outcome;
        return messenger.send(peer, tasksProtocol.failed, { ...key, code, message });
      }
      default:
        return messenger.send(peer, tasksProtocol.refused, { ...key, is: outcome.is });
    }
  }
}

/** @throws {TypeError} where it doesn't fit */
function doneBy({ output: schema }: Handler, name: string, output: unknown): Outcome {
  const fits = schema === undefined ? undefined : validate(schema, output);
  if (fits?.ok === false)
    throw new TypeError(`What the function of ${name} returned doesn't fit its schema: ${fits.reason}.`);
  // What goes over the wire is what was given, as everywhere: the other side's schema makes of it what it will.
  return { is: "done", output };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
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
