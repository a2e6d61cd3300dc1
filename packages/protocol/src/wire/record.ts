import { encode } from "../codec/message-pack.js";
import {
  bytesOf,
  count,
  decodeAs,
  list,
  name,
  type Output,
  object,
  optional,
  protocolList,
  text,
} from "../codec/schema.js";
import { ByteReader, putVarint, varintBytes, writeVarint } from "../codec/varint.js";
import { accept, type Decoded, reject } from "../decoded.js";
import { limits } from "../limits.js";

/**
 * A frame is a run of records; each is `type ‖ varint length ‖ body`, so that a reader can pass over a type it doesn't
 * know.
 */
export const recordType = { hello: 1, data: 2, acknowledgement: 3, ping: 4, pong: 5, close: 6, lossy: 7 } as const;

/** The priority classes of a link, in the order of their numbers. Each has a window of its own. */
export const lanes = ["control", "default", "bulk"] as const;
/** A class of priority within a link: `control` passes `default`, which passes `bulk`. Each keeps its own order and window. */
export type Lane = (typeof lanes)[number];
/** How many lanes a link has whose pieces are sent again: all but `lossy`. */
export const laneCount = lanes.length;

const helloBody = object({
  /** Random, for this incarnation of the sender's end of the link. */
  link: bytesOf(8),
  /** The incarnation of the receiver's end that this one talks with; none where it begins. */
  of: optional(bytesOf(8)),
  /** The number of the data record that the sender expects next. */
  next: count,
  /** How many bytes of each lane the sender takes in all. */
  credit: list(count, laneCount, laneCount),
  protocols: protocolList,
  features: list(name, 64),
});
/** What each side says first on a path. */
export type Hello = Output<typeof helloBody>;

/** What this code can do beyond what every peer of version 1 can, as its HELLO says. */
export const features = ["streams", "lossy"] as const;

const closeBody = object({ code: name, reason: text(256) });
/** Why a link ends: a code, and a sentence for people. */
export type Close = Output<typeof closeBody>;

/** One record of a frame, as it is read. See docs/spec/links.md. */
export type WireRecord =
  | { readonly type: "hello"; readonly hello: Hello }
  /** A piece of a message. `sequence` counts this direction's data records from 0, over all lanes and paths. */
  | {
      readonly type: "data";
      readonly sequence: number;
      readonly lane: number;
      /** The message ends with it. */
      readonly last: boolean;
      readonly payload: Uint8Array;
    }
  | { readonly type: "acknowledgement"; readonly acknowledgement: Acknowledgement }
  | { readonly type: "ping"; readonly token: number }
  | { readonly type: "pong"; readonly token: number }
  | { readonly type: "close"; readonly close: Close }
  /** A whole message that is never sent again. `sequence` counts those of this direction from 0, over all paths. */
  | { readonly type: "lossy"; readonly sequence: number; readonly payload: Uint8Array };

/** A record that begins a path: who speaks what, and what was received so far. */
export function encodeHello(hello: Hello): Uint8Array {
  return encodeRecord(recordType.hello, [], encode(hello));
}

/** What one side has of the other's data, and how much more it takes. */
export interface Acknowledgement {
  /** The number it expects next: it has all before. */
  readonly next: number;
  /** How many bytes of each lane it takes in all, counted from the link's beginning. Never falls. */
  readonly credit: readonly number[];
}

/** `varint next ‖ a varint of credit for each lane`. */
export function encodeAcknowledgement({ next, credit }: Acknowledgement): Uint8Array {
  const head: number[] = [];
  writeVarint(head, next);
  for (const bytes of credit) writeVarint(head, bytes);
  return encodeRecord(recordType.acknowledgement, head, empty);
}

const lastFlag = 4;

/** How long the record of a piece is. */
export function dataRecordBytes(sequence: number, pieceBytes: number): number {
  const body = 1 + varintBytes(sequence) + pieceBytes;
  return 1 + varintBytes(body) + body;
}

/** Writes `lane + 4 where it is the last ‖ varint sequence ‖ piece` as a record; gives where it ends. */
export function writeData(
  target: Uint8Array,
  offset: number,
  sequence: number,
  { lane, last, body }: { readonly lane: number; readonly last: boolean; readonly body: Uint8Array },
): number {
  target[offset] = recordType.data;
  let end = putVarint(target, offset + 1, 1 + varintBytes(sequence) + body.length);
  target[end++] = last ? lane + lastFlag : lane;
  end = putVarint(target, end, sequence);
  target.set(body, end);
  return end + body.length;
}

/** A record that asks whether the path answers. */
export function encodePing(token: number): Uint8Array {
  return encodeRecord(recordType.ping, varintOf(token), empty);
}

/** The record that answers a ping, with its token. */
export function encodePong(token: number): Uint8Array {
  return encodeRecord(recordType.pong, varintOf(token), empty);
}

/** The record that ends a link. */
export function encodeClose(close: Close): Uint8Array {
  return encodeRecord(recordType.close, [], encode(close));
}

/** `varint sequence ‖ payload`. */
export function encodeLossy(sequence: number, payload: Uint8Array): Uint8Array {
  return encodeRecord(recordType.lossy, varintOf(sequence), payload);
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
    const body = reader.part(reader.varint());
    if (reader.failed) return reject("malformed", "a frame that ends in the middle of a record");
    const record = decodeRecord(type, body);
    if (!record.ok) return record;
    if (record.value !== undefined) records.push(record.value);
  }
  return accept(records);
}

function decodeRecord(type: number, reader: ByteReader): Decoded<WireRecord | undefined> {
  switch (type) {
    case recordType.hello: {
      const hello = decodeAs(helloBody, reader.rest());
      return hello.ok ? accept({ type: "hello", hello: hello.value }) : hello;
    }
    case recordType.close: {
      const close = decodeAs(closeBody, reader.rest());
      return close.ok ? accept({ type: "close", close: close.value }) : close;
    }
    case recordType.data: {
      const flags = reader.byte();
      const sequence = reader.varint();
      if (reader.failed || flags >= 2 * lastFlag) return reject("malformed", "a data record without its head");
      const lane = flags & (lastFlag - 1);
      return accept({ type: "data", sequence, lane, last: flags >= lastFlag, payload: reader.rest() });
    }
    case recordType.acknowledgement: {
      const next = reader.varint();
      const credit = lanes.map(() => reader.varint());
      if (reader.failed) return reject("malformed", "an acknowledgement that ends in its middle");
      return accept({ type: "acknowledgement", acknowledgement: { next, credit } });
    }
    case recordType.ping:
    case recordType.pong: {
      const token = reader.varint();
      if (reader.failed || !reader.atEnd) return reject("malformed", "a ping or pong that isn't one number");
      return accept({ type: type === recordType.ping ? "ping" : "pong", token });
    }
    case recordType.lossy: {
      const sequence = reader.varint();
      const payload = reader.rest();
      if (reader.failed || payload.length === 0) return reject("malformed", "a lossy record without its message");
      if (payload.length > limits.lossyBytes)
        return reject("over-limit", `a lossy message of over ${limits.lossyBytes} bytes`);
      return accept({ type: "lossy", sequence, payload });
    }
    default:
      return accept(undefined);
  }
}
