import {
  decode,
  encode,
  encodePayload,
  isErrorCode,
  limits,
  type Payload,
  type RequestDefinition,
  type RequestOptions,
  reject,
  SkeinError,
  validate,
} from "@skein/protocol";
import { type Deferred, deferred } from "../deferred.js";
import { checked, withinLimit } from "./bodies.js";
import { type ExchangeWorld, transmitQuietly } from "./exchange-world.js";
import type { OutgoingTypes } from "./outgoing-types.js";

export const requestTimeoutMs = 30_000;

interface OpenRequest {
  readonly definition: RequestDefinition;
  readonly answer: Deferred<unknown>;
}

/**
 * The requests that we made, and that aren't answered. There are no more of them than the limit, those that were given up among them:
 * their handlers may still run.
 */
export class OutgoingRequests {
  readonly #world: ExchangeWorld;
  readonly #types: OutgoingTypes;
  readonly #open = new Map<number, OpenRequest>();
  /** Those that their callers gave up, and that the other side hasn't answered. */
  readonly #givenUp = new Set<number>();
  #next = 0;

  constructor(world: ExchangeWorld, types: OutgoingTypes) {
    this.#world = world;
    this.#types = types;
  }

  /** @throws {SkeinError} as `Room.request` */
  async request(definition: RequestDefinition, body: unknown, options: RequestOptions): Promise<unknown> {
    if (options.signal?.aborted) throw aborted(options.signal);
    if (this.#open.size + this.#givenUp.size >= limits.openRequests) throw tooMany();
    const route = this.#types.routeOf(definition);
    const encoded = encode(checked(definition, body));
    const request = this.#next++;
    const type = route.type.number;
    const payload = withinLimit(definition, encodePayload({ kind: "request", type, request, body: encoded }));
    const answer = deferred<unknown>();
    this.#open.set(request, { definition, answer });

    const timeoutMs = options.timeoutMs ?? requestTimeoutMs;
    const giveUp = (error: SkeinError) => {
      if (!this.#open.delete(request)) return;
      this.#givenUp.add(request);
      answer.reject(error);
      transmitQuietly(this.#world, route.lane, { kind: "cancel", request });
    };
    const stopTimer = this.#world.clock.after(timeoutMs, () =>
      giveUp(new SkeinError("timeout", `${definition.name} wasn't answered within ${timeoutMs} ms.`)),
    );
    const abort = () => giveUp(aborted(options.signal));
    options.signal?.addEventListener("abort", abort, { once: true });
    try {
      this.#types.bindFirst(route);
      await Promise.race([this.#world.transmit(route.lane, payload), answer.promise]);
      return await answer.promise;
    } finally {
      this.#open.delete(request);
      stopTimer();
      options.signal?.removeEventListener("abort", abort);
    }
  }

  /** An answer came. */
  receive(payload: Extract<Payload, { kind: "response" | "failure" }>): void {
    const open = this.#open.get(payload.request);
    if (open === undefined) {
      // Whoever asked gave up: this is the last word about it.
      this.#givenUp.delete(payload.request);
      return;
    }
    this.#open.delete(payload.request);
    if (payload.kind === "failure") {
      const code = isErrorCode(payload.code) ? payload.code : "handler-failed";
      return open.answer.reject(new SkeinError(code, payload.message));
    }
    const value = decode(payload.body);
    const reply = value.ok ? validate(open.definition.reply, value.value) : value;
    if (reply.ok) return open.answer.resolve(reply.value);
    this.#world.rejected(reject(reply.code, `the answer to ${open.definition.name} doesn't fit`));
    open.answer.reject(
      new SkeinError("bad-message", `The answer to ${open.definition.name} doesn't fit its schema: ${reply.reason}.`),
    );
  }

  /** The link is over. */
  fail(error: SkeinError): void {
    for (const { answer } of this.#open.values()) answer.reject(error);
    this.#open.clear();
  }
}

function tooMany(): SkeinError {
  return new SkeinError(
    "rate-limited",
    `${limits.openRequests} requests wait for this peer's answers: ask it again when some of them have come.`,
  );
}

function aborted(signal: AbortSignal | undefined): SkeinError {
  return new SkeinError("aborted", "The request was aborted by its caller.", { cause: signal?.reason });
}
