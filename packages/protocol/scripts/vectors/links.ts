import {
  compareVersions,
  dataRecordBytes,
  decodeFrame,
  encode,
  encodeAcknowledgement,
  encodeClose,
  encodeHello,
  encodeLossy,
  encodePayload,
  encodePing,
  encodePong,
  type Payload,
  settleProtocol,
  type WireRecord,
  writeData,
} from "@skein/protocol";
import { hex, run, toVector, unhex } from "./notation.ts";

/** A varint alone: a ping's body is one. */
const varint = (value: number) => hex(encodePing(value).subarray(2));

export function varintVectors() {
  const values = [0, 1, 127, 128, 300, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER];
  const wrong = (why: string, bytes: string) => ({ why, code: "malformed", bytes });
  return {
    accepted: values.map((value) => ({ value, bytes: varint(value) })),
    rejected: [
      wrong("empty", ""),
      wrong("cut", "80"),
      wrong("not the shortest form of 0", "8000"),
      wrong("not the shortest form of 127", "ff00"),
      wrong("2^53", "8080808080808010"),
      wrong("nine bytes", "ffffffffffffffff01"),
    ],
  };
}

const credit = [2 ** 20, 2 ** 20, 2 ** 20];
const protocols = { "acme.chat": ["1.0.0", "1.2.0"] };
const records: WireRecord[] = [
  { type: "hello", hello: { link: run(8, 1), next: 0, credit, protocols, features: [] } },
  {
    type: "hello",
    hello: { link: run(8, 200), of: run(8, 1), next: 300, credit: [5, 2 ** 40, 0], protocols: {}, features: ["later"] },
  },
  { type: "data", sequence: 0, lane: 0, last: true, payload: run(5, 0) },
  { type: "data", sequence: 300, lane: 2, last: false, payload: run(3, 9) },
  { type: "data", sequence: 301, lane: 1, last: true, payload: run(1, 7) },
  { type: "acknowledgement", acknowledgement: { next: 301, credit: [2 ** 20, 300, 0] } },
  { type: "ping", token: 1 },
  { type: "pong", token: 2 ** 40 },
  { type: "close", close: { code: "closed", reason: "left the room" } },
  { type: "lossy", sequence: 0, payload: run(1, 5) },
  { type: "lossy", sequence: 300, payload: run(4, 5) },
];

function dataOf({ sequence, lane, last, payload: body }: Extract<WireRecord, { type: "data" }>): Uint8Array {
  const record = new Uint8Array(dataRecordBytes(sequence, body.length));
  writeData(record, 0, sequence, { lane, last, body });
  return record;
}

function encoded(record: WireRecord): Uint8Array {
  switch (record.type) {
    case "hello":
      return encodeHello(record.hello);
    case "data":
      return dataOf(record);
    case "acknowledgement":
      return encodeAcknowledgement(record.acknowledgement);
    case "ping":
      return encodePing(record.token);
    case "pong":
      return encodePong(record.token);
    case "close":
      return encodeClose(record.close);
    case "lossy":
      return encodeLossy(record.sequence, record.payload);
  }
}

export function frameVectors() {
  const each = records.map((record) => ({
    why: `one ${record.type}`,
    frame: hex(encoded(record)),
    records: [toVector(record)],
  }));
  const whole = (why: string, frame: string) => {
    const decoded = decodeFrame(unhex(frame));
    if (!decoded.ok) throw new Error(`${why}: ${decoded.reason}`);
    return { why, frame, records: toVector(decoded.value) };
  };
  const wrong = (why: string, code: string, frame: string) => ({ why, code, frame });
  return {
    accepted: [
      ...each,
      whole("empty", ""),
      whole("all in one frame", records.map((record) => hex(encoded(record))).join("")),
      whole("types that aren't known are passed over", `6303010203${hex(encodePing(1))}c800ff0109`),
    ],
    rejected: [
      wrong("ends in a record's length", "malformed", "0480"),
      wrong("ends in a record's body", "malformed", "04050101"),
      wrong("a length that isn't the shortest", "malformed", "04810001"),
      wrong("a ping without a number", "malformed", "0400"),
      wrong("a ping with more than a number", "malformed", "04020101"),
      wrong("data without its head", "malformed", "0200"),
      wrong("data without its sequence", "malformed", "020105"),
      wrong("data with a flag that isn't known", "malformed", "020308006a"),
      wrong("an acknowledgement without the credit of its last lane", "malformed", "030301ff01"),
      wrong("a lossy record without its sequence", "malformed", "070180"),
      wrong("a lossy record without its message", "malformed", "070105"),
      wrong("a hello that is no map", "malformed", "0101c0"),
      wrong("one bad record spoils the frame", "malformed", `${hex(encodePing(1))}0400`),
    ],
  };
}

export function payloadVectors() {
  const body = Uint8Array.from(encode({ text: "hi" }));
  const payloads: Payload[] = [
    { kind: "bind", number: 0, name: "acme.chat/say" },
    { kind: "bind", number: 300, name: "acme.chat/fetch" },
    { kind: "message", type: 0, body },
    { kind: "message", type: 0, body: new Uint8Array(0) },
    { kind: "request", type: 300, request: 1, body },
    { kind: "response", request: 1, body },
    { kind: "failure", request: 1, code: "handler-failed", message: "No such file." },
    { kind: "cancel", request: 128 },
    { kind: "stream-open", stream: 0, credit: 2 ** 19, name: "files" },
    { kind: "stream-data", stream: 1, body: run(5, 7) },
    { kind: "stream-data", stream: 600, body: new Uint8Array(0) },
    { kind: "stream-credit", stream: 1, credit: 2 ** 40 },
    { kind: "stream-end", stream: 0 },
    { kind: "stream-reset", stream: 2, code: "aborted", message: "The peer gave up." },
    { kind: "stream-stop", stream: 3, code: "no-handler", message: "Nobody handles it." },
  ];
  const wrong = (why: string, code: string, bytes: string) => ({ why, code, bytes });
  return {
    accepted: payloads.map((payload) => ({ payload: toVector(payload), bytes: hex(encodePayload(payload)) })),
    rejected: [
      wrong("empty", "malformed", ""),
      wrong("a message without its type", "malformed", "02"),
      wrong("a request without its number", "malformed", "0305"),
      wrong("a bind without a name", "malformed", "0100"),
      wrong("a name that is no UTF-8", "malformed", "0100ff"),
      wrong("a failure that is no map", "malformed", "0501c0"),
      wrong("a failure without a code", "malformed", `0501${hex(encode({ message: "m" }))}`),
      wrong("a kind that isn't known", "unknown-type", "63"),
      wrong("a stream without its number", "malformed", "0a80"),
      wrong("a stream's opening without a name", "malformed", "070005"),
      wrong("a stream's credit without its bytes", "malformed", "0900"),
      wrong("a stream's end for no reason that is a map", "malformed", "0b00c0"),
      wrong("a kind that isn't known, with a body", "unknown-type", "0d808080"),
    ],
  };
}

export function settlementVectors() {
  const pairs: [string[], string[]][] = [
    [["1.0.0"], ["1.0.0"]],
    [
      ["1.0.0", "1.10.0", "1.9.0"],
      ["1.9.0", "1.10.0", "2.0.0"],
    ],
    [
      ["1.0", "1.0.0"],
      ["1.0.0", "1.0"],
    ],
    [["1"], ["1.0"]],
    [["2.0.0"], ["1.0.0"]],
    [["1.0.0"], []],
    [
      ["9", "10"],
      ["10", "9", "x"],
    ],
  ];
  const versions = ["x", "0.9", "1", "01", "1.0", "1.0.0", "1.0.1", "1.2", "1.2.9", "1.2.10", "2", "10"];
  return {
    accepted: pairs.map(([ours, theirs]) => {
      const settled = settleProtocol("p", { p: ours }, { p: theirs });
      return { ours, theirs, version: settled.settled ? settled.version : null };
    }),
    ascending: versions.sort(compareVersions),
  };
}
