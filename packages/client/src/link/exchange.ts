import {
  type Card,
  decode,
  decodePayload,
  encode,
  encodeMessage,
  encodePayload,
  isErrorCode,
  type Lane,
  lanes,
  limits,
  type MessageDefinition,
  type Payload,
  type ProtocolVersions,
  type Rejected,
  type RequestContext,
  type RequestDefinition,
  type RequestOptions,
  reject,
  SkeinError,
  validate,
} from "@skein/protocol";
import type { Clock } from "../clock.js";
import { lossyLane } from "../core/lossy-lane.js";
import { type Deferred, deferred } from "../deferred.js";
import type { ByteStream } from "./byte-stream.js";
import type { Handler } from "./handlers.js";
import { type AnyDefinition, OutgoingTypes, type Route } from "./outgoing-types.js";
import { type StreamHandler, Streams } from "./streams.js";

/** What an exchange needs of its link and its room. */
export interface ExchangeWorld {
  readonly clock: Clock;
  /** Sends a payload in a lane ({@link lossyLane} among them), behind those before it; resolves once the lane has room for more. */
  transmit(lane: number, payload: Uint8Array): Promise<void>;
  /** Whether a payload would be accepted at once. */
  hasRoom(lane: number): boolean;
  /** Who handles a message of this name (`protocol/type`), if anyone. */
  handlerOf(name: string): Handler | undefined;
  /** Who handles streams of this name, if anyone. */
  streamHandlerOf(name: string): StreamHandler | undefined;
  /** What a handler sees as the sender. */
  readonly peer: { readonly card: Card };
  /** A handler threw, or nobody handles what came. */
  trouble(error: SkeinError): void;
  /** Bytes were turned away, at their sender's cost. */
  rejected(rejection: Rejected): void;
  /** The other side broke the order of the conversation: the link must end. */
  violate(reason: string): void;
}

export const requestTimeoutMs = 30_000;
/** Of a message, from its kind to the end of its body; a little is kept for heads that are written later. */
export const payloadBytesMost = limits.messageBytes - 64;

interface OpenRequest {
  readonly definition: RequestDefinition;
  readonly answer: Deferred<unknown>;
}

/** The words of two apps over one link: types bound to numbers, messages, requests and their answers. */
export class Exchange {
  readonly #world: ExchangeWorld;
  readonly #types: OutgoingTypes;
  readonly #features: readonly string[];
  /** The other side's numbers for names. */
  readonly #names = new Map<number, string>();
  readonly #open = new Map<number, OpenRequest>();
  readonly #serving = new Map<number, AbortController>();
  readonly #streams: Streams;
  #nextRequest = 0;

  /** @param features what the other side can do beyond version 1. */
  constructor(
    world: ExchangeWorld,
    ours: ProtocolVersions,
    theirs: ProtocolVersions,
    features: readonly string[] = [],
  ) {
    this.#world = world;
    const bind = (lane: number, number: number, name: string) =>
      this.#transmitQuietly(lane, { kind: "bind", number, name });
    this.#types = new OutgoingTypes(ours, theirs, features.includes("lossy"), bind);
    this.#features = features;
    this.#streams = new Streams({
      transmit: (lane, payload) => world.transmit(lane, encodePayload(payload)),
      handlerOf: (name) => world.streamHandlerOf(name),
      peer: world.peer,
      trouble: (error) => world.trouble(error),
      violate: (reason) => world.violate(reason),
    });
  }

  /** @throws {SkeinError} `protocol-mismatch`, and as {@link Streams.open} */
  async stream(lane: Lane, name: string, signal: AbortSignal | undefined): Promise<ByteStream> {
    if (!this.#features.includes("streams")) {
      throw new SkeinError("protocol-mismatch", "The peer speaks no streams: send it messages in place of them.");
    }
    return this.#streams.open(lanes.indexOf(lane), name, signal);
  }

  /** What fails, fails as a promise: senders that wait for a link run in the middle of its opening. */
  send(definition: MessageDefinition, body: unknown): Promise<void> {
    try {
      return this.#send(this.#types.routeOf(definition), definition, body);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends where the lane has room now; gives whether it did. @throws {SkeinError} as `Room.trySend` */
  trySend(definition: MessageDefinition, body: unknown): boolean {
    const route = this.#types.routeOf(definition);
    if (!this.#world.hasRoom(route.lane)) return false;
    void this.#send(route, definition, body);
    return true;
  }

  #send(route: Route, definition: MessageDefinition, body: unknown): Promise<void> {
    const payload = withinLimit(definition, encodeMessage(route.type.number, checked(definition, body)));
    this.#types.bindFirst(route);
    return this.#world.transmit(route.lane, payload);
  }

  async request(definition: RequestDefinition, body: unknown, options: RequestOptions): Promise<unknown> {
    if (options.signal?.aborted) throw aborted(options.signal);
    const route = this.#types.routeOf(definition);
    const encoded = encode(checked(definition, body));
    const request = this.#nextRequest++;
    const type = route.type.number;
    const payload = withinLimit(definition, encodePayload({ kind: "request", type, request, body: encoded }));
    const answer = deferred<unknown>();
    this.#open.set(request, { definition, answer });

    const timeoutMs = options.timeoutMs ?? requestTimeoutMs;
    const giveUp = (error: SkeinError) => {
      if (!this.#open.delete(request)) return;
      answer.reject(error);
      this.#transmitQuietly(route.lane, { kind: "cancel", request });
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

  /** A payload of the other side, of one lane. Gives what to wait for until it is dealt with; undefined where it is already. */
  receive(lane: number, bytes: Uint8Array): Promise<unknown> | undefined {
    const payload = decodePayload(bytes);
    if (payload.ok) return this.#handle(lane, payload.value);
    this.#world.rejected(payload);
    if (payload.code !== "unknown-type") this.#world.violate(payload.reason);
    return undefined;
  }

  /** The link is over: every open request fails, every handler is told to stop. */
  end(error: SkeinError): void {
    for (const { answer } of this.#open.values()) answer.reject(error);
    this.#open.clear();
    for (const controller of this.#serving.values()) controller.abort(error);
    this.#serving.clear();
    this.#streams.lose(error);
  }

  #handle(lane: number, payload: Payload): Promise<unknown> | undefined {
    if (lane === lossyLane) return this.#handleLossy(payload);
    switch (payload.kind) {
      case "bind":
        this.#bind(payload.number, payload.name);
        return undefined;
      case "message":
        return this.#handleMessage(payload.type, payload.body);
      case "request":
        return this.#handleRequest(lane, payload.type, payload.request, payload.body);
      case "response":
      case "failure":
        this.#handleAnswer(payload);
        return undefined;
      case "cancel":
        // It counts for as long as its handler runs, or a peer could start handlers without end.
        this.#serving.get(payload.request)?.abort(new SkeinError("aborted", "Whoever asked gave up."));
        return undefined;
      default:
        return this.#streams.receive(lane, payload);
    }
  }

  #handleLossy(payload: Payload): Promise<unknown> | undefined {
    if (payload.kind !== "message") {
      this.#world.violate(`it sent a payload of kind ${payload.kind} in the lossy lane`);
      return undefined;
    }
    // Where it isn't bound, the message overtook what binds it.
    return this.#names.has(payload.type) ? this.#handleMessage(payload.type, payload.body) : undefined;
  }

  #bind(number: number, name: string): void {
    if (this.#names.size < limits.boundTypes && !this.#names.has(number)) this.#names.set(number, name);
    else this.#world.violate("it bound a type number twice, or too many of them");
  }

  #handleMessage(type: number, body: Uint8Array): Promise<unknown> | undefined {
    const name = this.#nameOf(type);
    if (name === undefined) return undefined;
    const handler = this.#world.handlerOf(name);
    if (handler?.definition.kind !== "message") {
      this.#world.trouble(new SkeinError("no-handler", `Nobody handles ${name}: call room.handle for it.`));
      return undefined;
    }
    const value = this.#decodeBody(handler.definition, body);
    if (value === undefined) return undefined;
    // Most handlers are done when they return: those cost no promise.
    try {
      const result = handler.run(value.body, this.#world.peer, messageContext);
      if (!isPromise(result)) return undefined;
      return Promise.resolve(result).catch((cause) => this.#tellThrown(name, cause));
    } catch (cause) {
      this.#tellThrown(name, cause);
      return undefined;
    }
  }

  #handleRequest(lane: number, type: number, request: number, body: Uint8Array): Promise<unknown> | undefined {
    const name = this.#nameOf(type);
    if (name === undefined) return undefined;
    const fail = (code: string, message: string): undefined => {
      this.#transmitQuietly(lane, { kind: "failure", request, code, message });
    };
    const handler = this.#world.handlerOf(name);
    if (handler?.definition.kind !== "request") return fail("no-handler", `The peer doesn't handle ${name}.`);
    if (this.#serving.has(request)) {
      this.#world.violate("it used a request number twice");
      return undefined;
    }
    if (this.#serving.size >= limits.openRequests) {
      return fail("rate-limited", `Over ${limits.openRequests} requests wait at this peer: ask again later.`);
    }
    const value = this.#decodeBody(handler.definition, body);
    if (value === undefined) return fail("bad-body", `The peer's schema refused the body of ${name}.`);

    const controller = new AbortController();
    this.#serving.set(request, controller);
    const { definition } = handler;
    // Not the controller itself: a handler is told, and doesn't tell.
    const { signal } = controller;
    return this.#run(name, async () =>
      this.#encodeReply(definition, await handler.run(value.body, this.#world.peer, { signal })),
    ).then(
      (reply) => this.#answer(lane, request, controller, { kind: "response", request, body: reply }),
      (error: SkeinError) => {
        const { code, message } = error;
        this.#answer(lane, request, controller, { kind: "failure", request, code, message });
      },
    );
  }

  #answer(lane: number, request: number, controller: AbortController, payload: Payload): void {
    if (this.#serving.get(request) !== controller) return;
    this.#serving.delete(request);
    // Whoever asked and gave up wants no answer.
    if (!controller.signal.aborted) this.#transmitQuietly(lane, payload);
  }

  #handleAnswer(payload: Extract<Payload, { kind: "response" | "failure" }>): void {
    const open = this.#open.get(payload.request);
    // Late: we gave up, and it crossed our cancel.
    if (open === undefined) return;
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

  /** Runs a handler. What it throws is told here; across the link goes only what was meant for others: a SkeinError. */
  async #run<Result>(name: string, handler: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await handler();
    } catch (cause) {
      this.#tellThrown(name, cause);
      throw SkeinError.is(cause) && isErrorCode(cause.code)
        ? cause
        : new SkeinError("handler-failed", `The peer's handler of ${name} failed.`);
    }
  }

  #tellThrown(name: string, cause: unknown): void {
    this.#world.trouble(new SkeinError("handler-failed", `The handler of ${name} threw.`, { cause }));
  }

  #encodeReply(definition: RequestDefinition, reply: unknown): Uint8Array {
    const answer = validate(definition.reply, reply);
    if (!answer.ok) {
      throw new TypeError(`The handler's answer to ${definition.name} doesn't fit its schema: ${answer.reason}.`);
    }
    return withinLimit(definition, encode(reply));
  }

  #decodeBody(definition: AnyDefinition, body: Uint8Array): { body: unknown } | undefined {
    const value = decode(body);
    const fitting = value.ok ? validate(definition.schema, value.value) : value;
    if (fitting.ok) return { body: fitting.value };
    this.#world.rejected(reject(fitting.code, `the body of ${definition.name} doesn't fit`));
    return undefined;
  }

  #nameOf(type: number): string | undefined {
    const name = this.#names.get(type);
    if (name === undefined) this.#world.violate(`it used type number ${type} without binding it`);
    return name;
  }

  /** For what nobody waits for: a link that is lost meanwhile is told elsewhere. */
  #transmitQuietly(lane: number, payload: Payload): void {
    this.#world.transmit(lane, encodePayload(payload)).catch(() => {});
  }
}

/**
 * Holds a body against its definition and the limits.
 * @throws {SkeinError} `bad-body`, `too-large`
 */
export function checkBody(definition: MessageDefinition, body: unknown): void {
  withinLimit(definition, encode(checked(definition, body)));
}

/** What goes over the wire is the body as it was given: the other side's schema makes of it what it will. */
function checked(definition: AnyDefinition, body: unknown): unknown {
  const fitting = validate(definition.schema, body);
  if (fitting.ok) return body;
  throw new SkeinError("bad-body", `The body of ${definition.name} doesn't fit: ${fitting.reason}.`);
}

const messageContext: RequestContext = { signal: new AbortController().signal };

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

function withinLimit(definition: AnyDefinition, payload: Uint8Array): Uint8Array {
  const mostBytes = definition.lane === "lossy" ? limits.lossyBytes : payloadBytesMost;
  if (payload.length <= mostBytes) return payload;
  throw new SkeinError(
    "too-large",
    `This body of ${definition.name} makes a message of ${payload.length} bytes; ${mostBytes} is the most. Send it in parts.`,
  );
}

function aborted(signal: AbortSignal | undefined): SkeinError {
  return new SkeinError("aborted", "The request was aborted by its caller.", { cause: signal?.reason });
}
