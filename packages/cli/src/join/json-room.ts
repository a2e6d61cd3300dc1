import type { CardUpdate, Peer, Room } from "@skein/client";
import { type Identity, SkeinError } from "@skein/protocol";
import type { Protocols } from "../commands/options.js";
import { failure, named, type OutputEvent } from "../stdio/envelope.js";
import { createEventWriter, type EventWriter } from "../stdio/event-writer.js";
import { fromJson, toJson } from "../stdio/plain-json.js";
import { readOperations } from "../stdio/read-operations.js";
import { peerJson, writeRoomEvents } from "../stdio/room-events.js";
import { isAgreeing } from "./agreeing-operations.js";
import { NamedDefinitions } from "./definitions.js";
import { JsonAgreeing } from "./json-agreeing.js";
import { type JoinOperation, joinOperation } from "./operations.js";

/** A room as lines of JSON, until stdin ends, `leave` comes, the room is over, or the signal fires. */
export async function runJsonRoom(options: {
  readonly enter: () => Promise<Room>;
  readonly protocols: Protocols;
  readonly signal: AbortSignal;
  /** Takes part in the room's election, votes and locks, as this one. */
  readonly identity?: Identity;
}): Promise<void> {
  const { enter, protocols, signal, identity } = options;
  const over = new AbortController();
  const output = createEventWriter(process.stdout, () => over.abort());
  let room: Room;
  try {
    room = await enter();
  } catch (error) {
    output.write(failure(undefined, error));
    throw error;
  }
  output.write({
    event: "joined",
    room: room.name,
    peer: room.id,
    ...(room.card.name === undefined ? {} : { name: room.card.name }),
  });
  writeRoomEvents(room, output);
  let ended: SkeinError | undefined;
  room.on("closed", (error) => {
    ended = error;
    over.abort();
  });
  const agreeing = identity === undefined ? undefined : await JsonAgreeing.begin(room, identity, output);
  const operator = new Operator({ room, agreeing, output, protocols, leave: () => over.abort() });
  await readOperations({
    input: process.stdin,
    output,
    schema: joinOperation,
    perform: (operation) => operator.perform(operation),
    isSending: ({ op }) => op === "send" || op === "broadcast",
    signal: AbortSignal.any([signal, over.signal]),
  });
  await agreeing?.close();
  await room.leave();
  if (ended !== undefined) {
    output.write(failure(undefined, ended));
    throw ended;
  }
  output.write({ event: "left", ...named(operator.leaveId) });
}

interface OpenRequest {
  answer(body: unknown): void;
  refuse(error: SkeinError): void;
}

/** Performs operations on a room. */
class Operator {
  /** The `id` of the operation that ended it all. */
  leaveId: string | number | undefined;
  readonly #room: Room;
  readonly #agreeing: JsonAgreeing | undefined;
  readonly #definitions: NamedDefinitions;
  readonly #output: EventWriter;
  readonly #leave: () => void;
  readonly #open = new Map<number, OpenRequest>();
  #requests = 0;

  constructor(world: {
    readonly room: Room;
    readonly agreeing: JsonAgreeing | undefined;
    readonly protocols: Protocols;
    readonly output: EventWriter;
    leave(): void;
  }) {
    this.#room = world.room;
    this.#agreeing = world.agreeing;
    this.#definitions = new NamedDefinitions(world.protocols);
    this.#output = world.output;
    this.#leave = () => world.leave();
  }

  async perform(operation: JoinOperation): Promise<OutputEvent | undefined> {
    if (isAgreeing(operation)) return this.#mustAgree().perform(operation);
    const answer = named(operation.id);
    const room = this.#room;
    switch (operation.op) {
      case "send":
        await room.send(peerOf(operation.to), this.#definitions.message(operation.type), bodyOf(operation.body));
        return { event: "sent", ...answer };
      case "broadcast": {
        const definition = this.#definitions.message(operation.type);
        return { event: "broadcast", ...answer, peers: await room.broadcast(definition, bodyOf(operation.body)) };
      }
      case "request": {
        const { to, type, body, timeoutMs } = operation;
        const limit = timeoutMs === undefined ? {} : { timeoutMs };
        const reply = await room.request(peerOf(to), this.#definitions.request(type), bodyOf(body), limit);
        return { event: "response", ...answer, from: to, body: toJson(reply) };
      }
      case "respond":
        this.#respond(operation);
        return { event: "responded", ...answer };
      case "handle":
        this.#handle(operation.type, operation.kind);
        return { event: "handling", ...answer, type: operation.type };
      case "peers":
        return { event: "peers", ...answer, peers: [...room.peers.values()].map(peerJson) };
      case "update":
        await room.update(updateOf(operation));
        return { event: "updated", ...answer };
      case "leave":
        this.leaveId = operation.id;
        this.#leave();
        return undefined;
    }
  }

  #mustAgree(): JsonAgreeing {
    if (this.#agreeing !== undefined) return this.#agreeing;
    throw new SkeinError(
      "bad-argument",
      "We take no part in the room's election, votes and locks: start with --agree.",
    );
  }

  #handle(type: string, kind: "message" | "request"): void {
    if (kind === "request") {
      this.#room.handle(this.#definitions.request(type), (body, from, { signal }) =>
        this.#ask(type, body, from, signal),
      );
      return;
    }
    this.#room.handle(this.#definitions.message(type), (body, from) => {
      this.#output.write({ event: "message", type, from: from.id, body: toJson(body) });
    });
  }

  /** Hands a peer's request out, and waits for its `respond`. */
  #ask(type: string, body: unknown, from: Peer, signal: AbortSignal): Promise<unknown> {
    const request = ++this.#requests;
    return new Promise((answer, refuse) => {
      this.#open.set(request, { answer, refuse });
      signal.addEventListener(
        "abort",
        () => {
          if (!this.#open.delete(request)) return;
          this.#output.write({ event: "cancelled", request });
          refuse(new SkeinError("aborted", "Whoever asked gave up."));
        },
        { once: true },
      );
      this.#output.write({ event: "request", request, type, from: from.id, body: toJson(body) });
    });
  }

  #respond({ request, body, error }: Extract<JoinOperation, { op: "respond" }>): void {
    const open = this.#open.get(request);
    if (open === undefined) {
      throw new SkeinError(
        "bad-argument",
        `No request ${request} waits for an answer: it was answered, or whoever asked gave up.`,
      );
    }
    const reply = bodyOf(body);
    this.#open.delete(request);
    if (error === undefined) open.answer(reply);
    else open.refuse(new SkeinError("handler-failed", error));
  }
}

/** The room tells whether there is such a peer. */
function peerOf(id: string): Parameters<Room["send"]>[0] {
  return id as Extract<Parameters<Room["send"]>[0], string>;
}

function bodyOf(json: unknown): unknown {
  const body = fromJson(json);
  if (body.ok) return body.value;
  throw new SkeinError("bad-body", `This body can't be sent: ${body.reason}.`);
}

function updateOf({ name, capabilities, meta }: Extract<JoinOperation, { op: "update" }>): CardUpdate {
  return {
    ...(name === undefined ? {} : { name }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(meta === undefined ? {} : { meta: bodyOf(meta) }),
  };
}
