import {
  concatBytes,
  dataRecordBytes,
  encodeHello,
  encodePayload,
  features,
  type Hello,
  laneCount,
  limits,
  type Payload,
  type ProtocolVersions,
  writeData,
} from "@skein/protocol";

/** What a lying peer says first, but for what it lies about. */
export function lyingHello(protocols: ProtocolVersions, lies: Partial<Hello> = {}): Uint8Array {
  return encodeHello({
    link: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1),
    next: 0,
    credit: new Array<number>(laneCount).fill(0),
    protocols: Object.fromEntries(Object.entries(protocols).map(([name, versions]) => [name, [...versions]])),
    features: [...features],
    ...lies,
  });
}

/** Numbers data records as a link would, and puts them into frames. It minds no window, and forgets what it said. */
export class LyingWriter {
  #sequence = 0;

  /** A frame of whole messages of one lane. */
  messages(lane: number, ...payloads: readonly Payload[]): Uint8Array {
    return concatBytes(...payloads.map((payload) => this.piece(lane, encodePayload(payload), true)));
  }

  /** A piece of a message. */
  piece(lane: number, body: Uint8Array, last: boolean): Uint8Array {
    return this.pieceNumbered(this.#sequence++, lane, body, last);
  }

  /** A data record of a number of the liar's choice. */
  pieceNumbered(sequence: number, lane: number, body: Uint8Array, last: boolean): Uint8Array {
    const record = new Uint8Array(dataRecordBytes(sequence, body.length));
    writeData(record, 0, sequence, { lane, last, body });
    return record;
  }
}

/** A frame filled up to its limit with a record of a type that nobody knows, which every reader passes over. */
export function padded(frame: Uint8Array): Uint8Array {
  const unknownType = 99;
  const headBytes = 4;
  const bytes = limits.frameBytes - frame.length - headBytes;
  const record = new Uint8Array(headBytes + bytes);
  // The length, in three bytes of a varint: it is over 16,383.
  record.set([unknownType, (bytes & 0x7f) | 0x80, ((bytes >> 7) & 0x7f) | 0x80, bytes >> 14]);
  return concatBytes(frame, record);
}
