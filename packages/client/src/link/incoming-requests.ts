import { isErrorCode, limits, type Payload, SkeinError } from "@skein/protocol";
import { decodeBody, encodeReply } from "./bodies.js";
import { type ExchangeWorld, tellThrown, transmitQuietly } from "./exchange-world.js";

/** The requests of the other side that handlers of ours work on. */
export class IncomingRequests {
  readonly #world: ExchangeWorld;
  readonly #serving = new Map<number, AbortController>();

  constructor(world: ExchangeWorld) {
    this.#world = world;
  }

  /** Gives what to wait for until it is answered; undefined where it is already. */
  handle(lane: number, name: string, request: number, body: Uint8Array): Promise<unknown> | undefined {
    const world = this.#world;
    const fail = (code: string, message: string): undefined => {
      transmitQuietly(world, lane, { kind: "failure", request, code, message });
    };
    const handler = world.handlerOf(name);
    if (handler?.definition.kind !== "request") return fail("no-handler", `The peer doesn't handle ${name}.`);
    if (this.#serving.has(request)) {
      world.violate("it used a request number twice");
      return undefined;
    }
    if (this.#serving.size >= limits.openRequests) {
      return fail("rate-limited", `Over ${limits.openRequests} requests wait at this peer: ask again later.`);
    }
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
      (error: SkeinError) => {
        const { code, message } = error;
        this.#answer(lane, request, controller, { kind: "failure", request, code, message });
      },
    );
  }

  /** Whoever asked gave up. It counts for as long as its handler runs, or a peer could start handlers without end. */
  cancel(request: number): void {
    this.#serving.get(request)?.abort(new SkeinError("aborted", "Whoever asked gave up."));
  }

  /** The link is over: every handler is told to stop. */
  fail(error: SkeinError): void {
    for (const controller of this.#serving.values()) controller.abort(error);
    this.#serving.clear();
  }

  #answer(lane: number, request: number, controller: AbortController, payload: Payload): void {
    if (this.#serving.get(request) !== controller) return;
    this.#serving.delete(request);
    // Whoever asked and gave up wants no answer.
    if (!controller.signal.aborted) transmitQuietly(this.#world, lane, payload);
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
