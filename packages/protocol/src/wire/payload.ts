import { clip, fromUtf8, utf8 } from "../bytes.js";
import { encode, encodeBehind } from "../codec/message-pack.js";
import { decodeAs, name, object, text } from "../codec/schema.js";
import { ByteReader, putVarint, varintBytes, writeVarint } from "../codec/varint.js";
import { accept, type Decoded, reject } from "../decoded.js";
import { limits } from "../limits.js";

/** What a data record carries: `kind ‖ varints ‖ rest`. Kinds are the keys' numbers. */
export const payloadKind = {
  bind: 1,
  message: 2,
  request: 3,
  response: 4,
  failure: 5,
  cancel: 6,
  "stream-open": 7,
  "stream-data": 8,
  "stream-credit": 9,
  "stream-end": 10,
  "stream-reset": 11,
  "stream-stop": 12,
} as const;

const knownKinds: ReadonlySet<number> = new Set(Object.values(payloadKind));

const failureBody = object({ code: name, message: text(1024) });

/** One word of the conversation between two apps. Bodies are MessagePack, still encoded. */
export type Payload =
  /** From now on, `number` stands for the type `name` (`protocol/message`) in this direction of the link. */
  | { readonly kind: "bind"; readonly number: number; readonly name: string }
  | { readonly kind: "message"; readonly type: number; readonly body: Uint8Array }
  | { readonly kind: "request"; readonly type: number; readonly request: number; readonly body: Uint8Array }
  | { readonly kind: "response"; readonly request: number; readonly body: Uint8Array }
  | { readonly kind: "failure"; readonly request: number; readonly code: string; readonly message: string }
  /** Whoever asked no longer wants the answer. */
  | { readonly kind: "cancel"; readonly request: number }
  | StreamPayload;

/**
 * A word about a stream: two runs of bytes, one each way. `stream` is twice its number among those that its opener opened
 * in this lane, and one more where the reader of this payload opened it.
 */
export type StreamPayload =
  /** Asks for a stream, and grants `credit` bytes of it. The other side takes it with a credit of its own, or stops and resets it. */
  | { readonly kind: "stream-open"; readonly stream: number; readonly credit: number; readonly name: string }
  | { readonly kind: "stream-data"; readonly stream: number; readonly body: Uint8Array }
  /** How many bytes its sender takes in all, counted from the stream's beginning. */
  | { readonly kind: "stream-credit"; readonly stream: number; readonly credit: number }
  /** All bytes of its sender are said. */
  | { readonly kind: "stream-end"; readonly stream: number }
  /** No more comes of its sender, and what came isn't all. */
  | { readonly kind: "stream-reset"; readonly stream: number; readonly code: string; readonly message: string }
  /** Its sender reads no more: the other side ends or resets its bytes. */
  | { readonly kind: "stream-stop"; readonly stream: number; readonly code: string; readonly message: string };

/** A payload's bytes: one word of the conversation between two apps. */
export function encodePayload(payload: Payload): Uint8Array {
  const head: number[] = [payloadKind[payload.kind]];
  switch (payload.kind) {
    case "bind":
      writeVarint(head, payload.number);
      return join(head, utf8(payload.name));
    case "message":
      writeVarint(head, payload.type);
      return join(head, payload.body);
    case "request":
      writeVarint(head, payload.type);
      writeVarint(head, payload.request);
      return join(head, payload.body);
    case "response":
      writeVarint(head, payload.request);
      return join(head, payload.body);
    case "failure":
      writeVarint(head, payload.request);
      return join(head, encode({ code: payload.code, message: clip(payload.message, 1024) }));
    case "cancel":
      writeVarint(head, payload.request);
      return Uint8Array.from(head);
    default:
      return encodeStreamPayload(head, payload);
  }
}

function encodeStreamPayload(head: number[], payload: StreamPayload): Uint8Array {
  writeVarint(head, payload.stream);
  switch (payload.kind) {
    case "stream-open":
      writeVarint(head, payload.credit);
      return join(head, utf8(payload.name));
    case "stream-data":
      return join(head, payload.body);
    case "stream-credit":
      writeVarint(head, payload.credit);
      return Uint8Array.from(head);
    case "stream-end":
      return Uint8Array.from(head);
    case "stream-reset":
    case "stream-stop":
      return join(head, encode({ code: payload.code, message: clip(payload.message, 1024) }));
  }
}

/**
 * The payload of a message, from its body's value. It is written once, behind its head: this is the way that every message
 * goes.
 * @throws {SkeinError} `bad-body` where the value can't be written.
 */
export function encodeMessage(type: number, body: unknown): Uint8Array {
  const payload = encodeBehind(1 + varintBytes(type), body);
  payload[0] = payloadKind.message;
  putVarint(payload, 1, type);
  return payload;
}

function join(head: readonly number[], body: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return whole;
}

/** Reads a payload. `unknown-type` may be passed over; anything else malformed breaks the link's order. */
export function decodePayload(bytes: Uint8Array): Decoded<Payload> {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  if (!reader.failed && !knownKinds.has(kind)) return reject("unknown-type", `a payload of kind ${kind}`);
  const number = reader.varint();
  const payload = reader.failed ? undefined : decodeKind(kind, number, reader);
  if (reader.failed || payload === undefined) return reject("malformed", "a payload that ends in its head");
  return payload;
}

function decodeKind(kind: number, number: number, reader: ByteReader): Decoded<Payload> | undefined {
  switch (kind) {
    case payloadKind.bind: {
      const word = nameFrom(reader);
      return word.ok ? accept({ kind: "bind", number, name: word.value }) : word;
    }
    case payloadKind.message:
      return accept({ kind: "message", type: number, body: reader.rest() });
    case payloadKind.request:
      return accept({ kind: "request", type: number, request: reader.varint(), body: reader.rest() });
    case payloadKind.response:
      return accept({ kind: "response", request: number, body: reader.rest() });
    case payloadKind.failure: {
      const failure = decodeAs(failureBody, reader.rest());
      return failure.ok ? accept({ kind: "failure", request: number, ...failure.value }) : failure;
    }
    case payloadKind.cancel:
      return accept({ kind: "cancel", request: number });
    default:
      return decodeStreamKind(kind, number, reader);
  }
}

function decodeStreamKind(kind: number, stream: number, reader: ByteReader): Decoded<Payload> | undefined {
  switch (kind) {
    case payloadKind["stream-open"]: {
      const credit = reader.varint();
      const word = nameFrom(reader);
      return word.ok ? accept({ kind: "stream-open", stream, credit, name: word.value }) : word;
    }
    case payloadKind["stream-data"]:
      return accept({ kind: "stream-data", stream, body: reader.rest() });
    case payloadKind["stream-credit"]:
      return accept({ kind: "stream-credit", stream, credit: reader.varint() });
    case payloadKind["stream-end"]:
      return accept({ kind: "stream-end", stream });
    case payloadKind["stream-reset"]:
    case payloadKind["stream-stop"]: {
      const why = decodeAs(failureBody, reader.rest());
      const word = kind === payloadKind["stream-reset"] ? "stream-reset" : "stream-stop";
      return why.ok ? accept({ kind: word, stream, ...why.value }) : why;
    }
    default:
      return undefined;
  }
}

function nameFrom(reader: ByteReader): Decoded<string> {
  const word = fromUtf8(reader.rest());
  if (word !== undefined && word.length > 0 && word.length <= 2 * limits.nameLength + 1) return accept(word);
  return reject("malformed", "a name that is empty, too long or not UTF-8");
}
