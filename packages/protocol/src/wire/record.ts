import * as v from "valibot";
import { encode } from "../codec/message-pack.js";
import { bytesOf, decodeAs, list, name, protocolList, text } from "../codec/schema.js";
import { ByteReader, varintBytes, writeVarint } from "../codec/varint.js";
import { accept, type Decoded, reject } from "../decoded.js";
import { limits } from "../limits.js";

/**
 * A frame is a run of records; each is `type ‖ varint length ‖ body`, so that a reader can pass over a type it doesn't
 * know. 3 is kept for acknowledgements.
 */
export const recordType = { hello: 1, data: 2, ping: 4, pong: 5, close: 6 } as const;

const helloBody = v.object({
  /** Random, for this incarnation of the sender's end of the link. */
  link: bytesOf(8),
  protocols: protocolList,
  features: list(name, 64),
});
/** What each side says first on a path. */
export type Hello = v.InferOutput<typeof helloBody>;

const closeBody = v.object({ code: name, reason: text(256) });
export type Close = v.InferOutput<typeof closeBody>;

export type WireRecord =
  | { readonly type: "hello"; readonly hello: Hello }
  /** `sequence` counts this direction's data records from 0. */
  | { readonly type: "data"; readonly sequence: number; readonly payload: Uint8Array }
  | { readonly type: "ping"; readonly token: number }
  | { readonly type: "pong"; readonly token: number }
  | { readonly type: "close"; readonly close: Close };

export function encodeHello(hello: Hello): Uint8Array {
  return encodeRecord(recordType.hello, [], encode(hello));
}

export function encodeData(sequence: number, payload: Uint8Array): Uint8Array {
  const head: number[] = [];
  writeVarint(head, sequence);
  return encodeRecord(recordType.data, head, payload);
}

/** What {@link encodeData} adds to a payload at most. */
export const dataOverheadBytes = 1 + varintBytes(limits.frameBytes) + varintBytes(Number.MAX_SAFE_INTEGER);

export function encodePing(token: number): Uint8Array {
  return encodeRecord(recordType.ping, varintOf(token), empty);
}

export function encodePong(token: number): Uint8Array {
  return encodeRecord(recordType.pong, varintOf(token), empty);
}

export function encodeClose(close: Close): Uint8Array {
  return encodeRecord(recordType.close, [], encode(close));
}

const empty = new Uint8Array(0);

function varintOf(value: number): number[] {
  const bytes: number[] = [];
  writeVarint(bytes, value);
  return bytes;
}

function encodeRecord(type: number, head: readonly number[], body: Uint8Array): Uint8Array {
  const start = [type];
  writeVarint(start, head.length + body.length);
  const record = new Uint8Array(start.length + head.length + body.length);
  record.set(start);
  record.set(head, start.length);
  record.set(body, start.length + head.length);
  return record;
}

/** Reads a frame whole, or rejects it whole. Records of unknown types are passed over. Payloads are views. */
export function decodeFrame(frame: Uint8Array): Decoded<readonly WireRecord[]> {
  if (frame.length > limits.frameBytes) return reject("over-limit", `a frame of over ${limits.frameBytes} bytes`);
  const reader = new ByteReader(frame);
  const records: WireRecord[] = [];
  while (!reader.atEnd) {
    const type = reader.byte();
    const body = reader.bytes(reader.varint());
    if (reader.failed) return reject("malformed", "a frame that ends in the middle of a record");
    const record = decodeRecord(type, body);
    if (!record.ok) return record;
    if (record.value !== undefined) records.push(record.value);
  }
  return accept(records);
}

function decodeRecord(type: number, body: Uint8Array): Decoded<WireRecord | undefined> {
  switch (type) {
    case recordType.hello: {
      const hello = decodeAs(helloBody, body);
      return hello.ok ? accept({ type: "hello", hello: hello.value }) : hello;
    }
    case recordType.close: {
      const close = decodeAs(closeBody, body);
      return close.ok ? accept({ type: "close", close: close.value }) : close;
    }
    case recordType.data: {
      const reader = new ByteReader(body);
      const sequence = reader.varint();
      return reader.failed
        ? reject("malformed", "a data record without its number")
        : accept({ type: "data", sequence, payload: reader.rest() });
    }
    case recordType.ping:
    case recordType.pong: {
      const reader = new ByteReader(body);
      const token = reader.varint();
      if (reader.failed || !reader.atEnd) return reject("malformed", "a ping or pong that isn't one number");
      return accept({ type: type === recordType.ping ? "ping" : "pong", token });
    }
    default:
      return accept(undefined);
  }
}
