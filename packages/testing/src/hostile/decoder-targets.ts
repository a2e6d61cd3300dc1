import {
  type Card,
  concatBytes,
  dataRecordBytes,
  decode,
  decodeClientMessage,
  decodeFrame,
  decodePacket,
  decodePayload,
  decodeRelayPacket,
  decodeServerMessage,
  decodeSignal,
  EnvelopeOpener,
  encode,
  encodeAcknowledgement,
  encodeClose,
  encodeControl,
  encodeForwardPacket,
  encodeHello,
  encodeLossy,
  encodePayload,
  encodePing,
  encodePong,
  encodeRelayPacket,
  encodeSignal,
  limits,
  type Packet,
  peerKeyOf,
  readCard,
  type WireRecord,
  writeData,
} from "@skein/protocol";
import { checkRoundTrip, type FuzzTarget, sameBytes } from "./fuzz-target.js";
import type { Vectors } from "./vectors.js";

/** Every decoder of `@skein/protocol`, with the vectors as examples. */
export function decoderTargets(vectors: Vectors): readonly FuzzTarget[] {
  return [
    {
      name: "message-pack",
      examples: vectors.bytes("message-pack", "bytes"),
      check: (bytes) => checkRoundTrip(bytes, { read: decode, write: encode }),
    },
    {
      name: "packet",
      examples: vectors.bytes("packet", "packet"),
      check: checkPacket,
    },
    {
      name: "control-from-client",
      examples: vectors.bytes("control", "body"),
      check: (bytes) =>
        checkRoundTrip(bytes, { read: decodeClientMessage, write: (value) => bodyOf(encodeControl(value)) }),
    },
    {
      name: "control-from-server",
      examples: vectors.bytes("control", "body"),
      check: (bytes) =>
        checkRoundTrip(bytes, { read: decodeServerMessage, write: (value) => bodyOf(encodeControl(value)) }),
    },
    {
      name: "card",
      examples: vectors.bytes("card", "b"),
      check: (bytes) =>
        checkRoundTrip(bytes, { read: (b) => readCard({ b, s: new Uint8Array(64) }), write: writeCard }),
    },
    {
      name: "signal",
      examples: vectors.bytes("signal", "body"),
      check: (bytes) => checkRoundTrip(bytes, { read: decodeSignal, write: encodeSignal }),
    },
    {
      name: "relay",
      examples: vectors.bytes("relay", "body"),
      check: checkRelay,
    },
    {
      name: "frame",
      examples: vectors.bytes("frame", "frame"),
      check: (bytes) => checkRoundTrip(bytes, { read: decodeFrame, write: writeFrame }),
    },
    {
      name: "payload",
      examples: vectors.bytes("payload", "bytes"),
      check: (bytes) => checkRoundTrip(bytes, { read: decodePayload, write: encodePayload }),
    },
    envelopeTarget(vectors),
  ];
}

function bodyOf(controlPacket: Uint8Array): Uint8Array {
  return controlPacket.subarray(1);
}

/** A packet has one form: read and written, it is the very same. */
function checkPacket(bytes: Uint8Array): string | undefined {
  const packet = decodePacket(bytes);
  if (!packet.ok) return undefined;
  if (bytes.length > limits.packetBytes) return "it is larger than a packet may be";
  return sameBytes(writePacket(packet.value), bytes) ? undefined : "written again, it is another packet";
}

function writePacket(packet: Packet): Uint8Array {
  if (packet.kind === "control") return concatBytes(Uint8Array.of(1), packet.body);
  return encodeForwardPacket(packet.class, packet.peer, packet.envelope);
}

/** As of a packet: varints have one form. */
function checkRelay(bytes: Uint8Array): string | undefined {
  const packet = decodeRelayPacket(bytes);
  if (!packet.ok) return undefined;
  return sameBytes(encodeRelayPacket(packet.value), bytes) ? undefined : "written again, it is another packet";
}

function writeCard({ id, ...card }: Card): Uint8Array {
  return encode({ v: 1, id: peerKeyOf(id), ...card });
}

function writeFrame(records: readonly WireRecord[]): Uint8Array {
  return concatBytes(...records.map((record) => writeRecord(record).slice()));
}

function writeRecord(record: WireRecord): Uint8Array {
  switch (record.type) {
    case "hello":
      return encodeHello(record.hello);
    case "data":
      return writeDataRecord(record);
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

function writeDataRecord({ sequence, lane, last, payload }: Extract<WireRecord, { type: "data" }>): Uint8Array {
  const record = new Uint8Array(dataRecordBytes(sequence, payload.length));
  writeData(record, 0, sequence, { lane, last, body: payload });
  return record;
}

/** Nothing opens but what was sealed. */
function envelopeTarget(vectors: Vectors): FuzzTarget {
  const sealed = vectors.bytes("envelope", "envelope");
  const keys = vectors.bytes("envelope", "key");
  return {
    name: "envelope",
    examples: sealed,
    check(bytes) {
      const isGenuine = sealed.some((envelope) => sameBytes(envelope, bytes));
      const opens = keys.some((key) => new EnvelopeOpener(key).open(bytes).ok);
      return opens && !isGenuine ? "it opens, and nobody sealed it" : undefined;
    },
  };
}
