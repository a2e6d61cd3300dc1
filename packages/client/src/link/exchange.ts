import {
  decodePayload,
  encodeMessage,
  encodePayload,
  type Lane,
  lanes,
  limits,
  type MessageDefinition,
  type Payload,
  type ProtocolVersions,
  type RequestContext,
  type RequestDefinition,
  type RequestOptions,
  SkeinError,
} from "@skein/protocol";
import { lossyLane } from "../core/lossy-lane.js";
import { failed } from "../failure.js";
import { checked, decodeBody, withinLimit } from "./bodies.js";
import type { ByteStream } from "./byte-stream.js";
import { type ExchangeWorld, tellThrown, transmitQuietly } from "./exchange-world.js";
import { IncomingRequests } from "./incoming-requests.js";
import { OutgoingRequests } from "./outgoing-requests.js";
import { OutgoingTypes, type Route } from "./outgoing-types.js";
import { Streams } from "./streams.js";

/** The words of two apps over one link: types bound to numbers, messages, requests and their answers. */
export class Exchange {
  readonly #world: ExchangeWorld;
  readonly #types: OutgoingTypes;
  readonly #features: readonly string[];
  /** The other side's numbers for names. */
  readonly #names = new Map<number, string>();
  readonly #asked: OutgoingRequests;
  readonly #served: IncomingRequests;
  readonly #streams: Streams;

  /** @param features what the other side can do beyond version 1. */
  constructor(
    world: ExchangeWorld,
    ours: ProtocolVersions,
    theirs: ProtocolVersions,
    features: readonly string[] = [],
  ) {
    this.#world = world;
    const bind = (lane: number, number: number, name: string) =>
      transmitQuietly(world, lane, { kind: "bind", number, name });
    this.#types = new OutgoingTypes(ours, theirs, features.includes("lossy"), bind);
    this.#features = features;
    this.#asked = new OutgoingRequests(world, this.#types);
    this.#served = new IncomingRequests(world);
    this.#streams = new Streams({
      transmit: (lane, payload) => world.transmit(lane, encodePayload(payload)),
      handlerOf: world.streamHandlerOf,
      peer: world.peer,
      trouble: world.trouble,
      violate: world.violate,
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
      return failed(error);
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

  /** @throws {SkeinError} as `Room.request` */
  request(definition: RequestDefinition, body: unknown, options: RequestOptions): Promise<unknown> {
    return this.#asked.request(definition, body, options);
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
    this.#asked.fail(error);
    this.#served.fail(error);
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
        return this.#handleRequest(lane, payload);
      case "response":
      case "failure":
        this.#asked.receive(payload);
        return undefined;
      case "cancel":
        this.#served.cancel(payload.request);
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
    const value = decodeBody(handler.definition, body, this.#world);
    if (value === undefined) return undefined;
    // Most handlers are done when they return: those cost no promise.
    try {
      const result = handler.run(value.body, this.#world.peer, messageContext);
      if (!isPromise(result)) return undefined;
      return Promise.resolve(result).catch((cause) => tellThrown(this.#world, name, cause));
    } catch (cause) {
      tellThrown(this.#world, name, cause);
      return undefined;
    }
  }

  #handleRequest(
    lane: number,
    { type, request, body }: Extract<Payload, { kind: "request" }>,
  ): Promise<unknown> | undefined {
    const name = this.#nameOf(type);
    return name === undefined ? undefined : this.#served.handle(lane, name, request, body);
  }

  #nameOf(type: number): string | undefined {
    const name = this.#names.get(type);
    if (name === undefined) this.#world.violate(`it used type number ${type} without binding it`);
    return name;
  }
}

const messageContext: RequestContext = { signal: new AbortController().signal };

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
