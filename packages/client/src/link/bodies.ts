import {
  decode,
  encode,
  limits,
  type MessageDefinition,
  type RequestDefinition,
  reject,
  SkeinError,
  validate,
} from "@skein/protocol";
import type { ExchangeWorld } from "./exchange-world.js";
import type { AnyDefinition } from "./outgoing-types.js";

/** Of a message, from its kind to the end of its body; a little is kept for heads that are written later. */
export const payloadBytesMost = limits.messageBytes - 64;

/**
 * Holds a body against its definition and the limits.
 * @throws {SkeinError} `bad-body`, `too-large`
 */
export function checkBody(definition: MessageDefinition, body: unknown): void {
  withinLimit(definition, encode(checked(definition, body)));
}

/**
 * What goes over the wire is the body as it was given: the other side's schema makes of it what it will.
 * @throws {SkeinError} `bad-body`
 */
export function checked(definition: AnyDefinition, body: unknown): unknown {
  const fitting = validate(definition.schema, body);
  if (fitting.ok) return body;
  throw new SkeinError("bad-body", `The body of ${definition.name} doesn't fit: ${fitting.reason}.`);
}

/** Gives a payload that isn't too long for its definition. @throws {SkeinError} `too-large` */
export function withinLimit(definition: AnyDefinition, payload: Uint8Array): Uint8Array {
  const mostBytes = definition.lane === "lossy" ? limits.lossyBytes : payloadBytesMost;
  if (payload.length <= mostBytes) return payload;
  throw new SkeinError(
    "too-large",
    `This body of ${definition.name} makes a message of ${payload.length} bytes; ${mostBytes} is the most. Send it in parts.`,
  );
}

/** What a handler answered, as bytes. @throws {TypeError} where it doesn't fit @throws {SkeinError} `too-large` */
export function encodeReply(definition: RequestDefinition, reply: unknown): Uint8Array {
  const answer = validate(definition.reply, reply);
  if (!answer.ok) {
    throw new TypeError(`The handler's answer to ${definition.name} doesn't fit its schema: ${answer.reason}.`);
  }
  return withinLimit(definition, encode(reply));
}

/** A body that came in, as the definition's schema has it; undefined where it doesn't fit, which is told. */
export function decodeBody(
  definition: AnyDefinition,
  bytes: Uint8Array,
  world: Pick<ExchangeWorld, "rejected">,
): { body: unknown } | undefined {
  const value = decode(bytes);
  const fitting = value.ok ? validate(definition.schema, value.value) : value;
  if (fitting.ok) return { body: fitting.value };
  world.rejected(reject(fitting.code, `the body of ${definition.name} doesn't fit`));
  return undefined;
}
