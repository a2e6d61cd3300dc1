import { encodePayload, isErrorCode, limits, type Payload, SkeinError } from "@skein/protocol";
import { Answers } from "../core/answers.js";
import { decodeBody, encodeReply } from "./bodies.js";
import { type ExchangeWorld, tellThrown, transmitQuietly } from "./exchange-world.js";

/** With this much in answers that the other side doesn't take, it gets no more of them. */
export const waitingAnswersBytes = 32 * 1024 * 1024;

type Failure = Extract<Payload, { kind: "failure" }>;
type Answer = Failure | Extract<Payload, { kind: "response" }>;

/** The requests of the other side: those that handlers of ours work on, and those whose answers wait for room in their lane. */
export class IncomingRequests {
  readonly #world: ExchangeWorld;
  readonly #serving = new Map<number, AbortController>();
  readonly #answers = new Answers({
    openRequests: limits.openRequests,
    refusals: limits.openRequests,
    waitingBytes: waitingAnswersBytes,
  });

  constructor(world: ExchangeWorld) {
    this.#world = world;
  }

  /** Gives what to wait for until its handler has ended; undefined where none runs. */
  handle(lane: number, name: string, request: number, body: Uint8Array): Promise<unknown> | undefined {
    const world = this.#world;
    if (this.#serving.has(request)) return this.#violate("it used a request number twice");
    const verdict = this.#answers.ask();
    if (verdict === "violate") return this.#violate("it asks on and on, and takes no answers");
    if (verdict === "refuse") return this.#refuse(lane, request);
    const fail = (code: string, message: string): undefined =>
      this.#say(lane, { kind: "failure", request, code, message });
    const handler = world.handlerOf(name);
    if (handler?.definition.kind !== "request") return fail("no-handler", `The peer doesn't handle ${name}.`);
    const value = decodeBody(handler.definition, body, world);
    if (value === undefined) return fail("bad-body", `The peer's schema refused the body of ${name}.`);

    const controller = new AbortController();
    this.#serving.set(request, controller);
    const { definition } = handler;
    // Not the controller itself: a handler is told, and doesn't tell.
    const { signal } = controller;
    return this.#run(name, async () =>
      encodeReply(definition, await handler.run(value.body, world.peer, { signal })),
    ).then(
      (reply) => this.#answer(lane, request, controller, { kind: "response", request, body: reply }),
      (error: SkeinError) => this.#answer(lane, request, controller, failureOf(request, error)),
    );
  }

  /** Whoever asked gave up. It counts for as long as its handler runs, or a peer could start handlers without end. */
  cancel(request: number): void {
    this.#serving.get(request)?.abort(gaveUp());
  }

  /** The link is over: every handler is told to stop. */
  fail(error: SkeinError): void {
    for (const controller of this.#serving.values()) controller.abort(error);
    this.#serving.clear();
  }

  #answer(lane: number, request: number, controller: AbortController, payload: Answer): void {
    if (this.#serving.get(request) !== controller) return;
    this.#serving.delete(request);
    // Whoever gave up wants no answer, but has to hear that its handler has ended: until then it counts as asking.
    this.#say(lane, controller.signal.aborted ? failureOf(request, gaveUp()) : payload);
  }

  /** Answers a request that is open, which it is until the answer has room. */
  #say(lane: number, payload: Answer): undefined {
    const whole = encodePayload(payload);
    const fits = this.#answers.answer(whole.length);
    const bytes = fits ? whole.length : 0;
    this.#transmit(lane, fits ? whole : encodePayload(tooMuchWaits(payload.request)), () => this.#answers.left(bytes));
  }

  #refuse(lane: number, request: number): undefined {
    const refusal = tooMuchWaits(request);
    if (!this.#world.hasRoom(lane)) {
      return this.#transmit(lane, encodePayload(refusal), () => this.#answers.refusalLeft());
    }
    // A frame may hold thousands of requests: what has room now isn't to be counted until the end of the tick.
    this.#answers.refusalLeft();
    transmitQuietly(this.#world, lane, refusal);
  }

  /** A link that is lost meanwhile is told elsewhere. */
  #transmit(lane: number, payload: Uint8Array, left: () => void): undefined {
    void this.#world.transmit(lane, payload).then(left, left);
  }

  #violate(reason: string): undefined {
    this.#world.violate(reason);
  }

  /** Runs a handler. What it throws is told here; across the link goes only what was meant for others: a SkeinError. */
  async #run<Result>(name: string, handler: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await handler();
    } catch (cause) {
      tellThrown(this.#world, name, cause);
      throw SkeinError.is(cause) && isErrorCode(cause.code)
        ? cause
        : new SkeinError("handler-failed", `The peer's handler of ${name} failed.`);
    }
  }
}

function gaveUp(): SkeinError {
  return new SkeinError("aborted", "Whoever asked gave up.");
}

function failureOf(request: number, { code, message }: { readonly code: string; readonly message: string }): Failure {
  return { kind: "failure", request, code, message };
}

/** Made by the thousand: not an error, which would cost a look at the stack. */
function tooMuchWaits(request: number): Failure {
  const message = "Too much waits to be answered by this peer: ask again later, or for less at once.";
  return { kind: "failure", request, code: "rate-limited", message };
}
