import {
  concatBytes,
  encode,
  encodeAcknowledgement,
  encodeLossy,
  encodePayload,
  encodePing,
  type Hello,
  limits,
  type Payload,
} from "@skein/protocol";
import { LyingWriter, lyingHello, padded } from "./lying-frames.js";

/** What a lying peer needs to know of whom it lies to. */
export interface Mark {
  /** A request that it serves, and a message that it handles: `protocol/type`. */
  readonly request: string;
  readonly message: string;
  readonly protocols: Readonly<Record<string, readonly string[]>>;
}

/** A peer that breaks the rules of a link, or stays within them and gives nothing back. */
export interface PeerRole {
  readonly name: string;
  /** What its HELLO says, where that isn't what one says that grants nothing. */
  readonly hello?: Partial<Hello>;
  /** Whether it takes what comes over the channel; otherwise the channel's buffer fills. */
  readonly reads: boolean;
  /** What it does to whoever keeps to the rules: whether the link can only end, or may go on. */
  readonly end: "the link ends" | "the link goes on";
  /** All frames behind its HELLO. */
  frames(mark: Mark): Iterable<Uint8Array>;
}

const most = Number.MAX_SAFE_INTEGER;
const [control, normal, bulk] = [0, 1, 2];
const nothing = Uint8Array.from(encode(null));

function binding(writer: LyingWriter, name: string): Uint8Array {
  return writer.messages(normal, { kind: "bind", number: 0, name });
}

function* requests(count: number, { request }: Mark): Iterable<Uint8Array> {
  const writer = new LyingWriter();
  yield binding(writer, request);
  for (let number = 0; number < count; number++) {
    yield writer.messages(normal, { kind: "request", type: 0, request: number, body: nothing });
  }
}

function* sameMessages(count: number, body: Uint8Array, { message }: Mark): Iterable<Uint8Array> {
  const writer = new LyingWriter();
  yield binding(writer, message);
  const payload: Payload = { kind: "message", type: 0, body };
  for (let i = 0; i < count; i++) {
    const whole = encodePayload(payload);
    for (let at = 0; at < whole.length; at += 60_000) {
      const piece = whole.subarray(at, at + 60_000);
      yield writer.piece(normal, piece, at + piece.length === whole.length);
    }
  }
}

/** What may be said of one type of record or payload, again and again. */
function* repeat(count: number, frame: (i: number) => Uint8Array): Iterable<Uint8Array> {
  for (let i = 0; i < count; i++) yield frame(i);
}

/** What a lying peer says over a direct path, role by role. */
export const peerRoles: readonly PeerRole[] = [
  {
    name: "asks, grants no credit and takes no answers",
    reads: true,
    end: "the link ends",
    frames: (mark) => requests(20_000, mark),
  },
  {
    name: "asks for much, grants all and acknowledges nothing",
    hello: { credit: [most, most, most] },
    reads: true,
    end: "the link goes on",
    frames: (mark) => requests(1_000, mark),
  },
  {
    name: "asks for much, and doesn't read its channel",
    hello: { credit: [most, most, most] },
    reads: false,
    end: "the link goes on",
    frames: (mark) => requests(1_000, mark),
  },
  {
    name: "acknowledges what was never sent",
    reads: true,
    end: "the link ends",
    frames: () => [encodeAcknowledgement({ next: 1_000_000, credit: [0, 0, 0] })],
  },
  {
    name: "sends more than it was granted",
    reads: true,
    end: "the link ends",
    frames: (mark) => sameMessages(20, Uint8Array.from(encode("x".repeat(1024 * 1024))), mark),
  },
  {
    name: "never ends a message, a byte at a time",
    reads: true,
    end: "the link goes on",
    *frames() {
      const writer = new LyingWriter();
      for (let i = 0; i < 1_000; i++) {
        yield concatBytes(...Array.from({ length: 200 }, () => writer.piece(i % 3, Uint8Array.of(2), false)));
      }
    },
  },
  {
    name: "never ends a message, 64 KiB at a time, in every lane",
    reads: true,
    end: "the link ends",
    *frames() {
      const writer = new LyingWriter();
      const piece = new Uint8Array(60_000).fill(2);
      for (let i = 0; i < 1_000; i++) yield writer.piece(i % 3, piece, false);
    },
  },
  {
    name: "binds type numbers without end",
    reads: true,
    end: "the link ends",
    *frames() {
      const writer = new LyingWriter();
      const name = `${"a".repeat(128)}/${"b".repeat(128)}`;
      for (let number = 0; number < 10_000; number++) yield writer.messages(normal, { kind: "bind", number, name });
    },
  },
  {
    name: "says HELLO without end",
    reads: true,
    end: "the link ends",
    frames: ({ protocols }) => repeat(1_000, () => lyingHello(protocols)),
  },
  {
    name: "forgets the link again and again",
    reads: true,
    end: "the link ends",
    frames: ({ protocols }) =>
      repeat(1_000, (i) => lyingHello(protocols, { link: Uint8Array.of(1, 0, 0, 0, 0, 0, i >> 8, i & 255) })),
  },
  {
    name: "asks for pongs without end, and doesn't read its channel",
    reads: false,
    end: "the link goes on",
    frames: () =>
      repeat(200, (i) => concatBytes(...Array.from({ length: 2_000 }, (_, at) => encodePing(2_000 * i + at)))),
  },
  {
    name: "opens streams that are over at once, and takes no words about them",
    reads: true,
    end: "the link ends",
    *frames() {
      const writer = new LyingWriter();
      // What fills the lane first: so much that words have to wait.
      for (let number = 0; number < 60_000; number++) {
        yield writer.messages(
          bulk,
          { kind: "stream-open", stream: 2 * number, credit: 0, name: "nobody takes these" },
          { kind: "stream-reset", stream: 2 * number, code: "aborted", message: "" },
        );
      }
    },
  },
  {
    name: "opens streams out of turn",
    reads: true,
    end: "the link ends",
    frames: () => [new LyingWriter().messages(bulk, { kind: "stream-open", stream: 20, credit: 0, name: "late" })],
  },
  {
    name: "jumps to the last of all numbers",
    reads: true,
    end: "the link ends",
    frames: () => [new LyingWriter().pieceNumbered(most, control, nothing, true)],
  },
  {
    name: "jumps to the last number of the lossy lane, and goes on there",
    reads: true,
    end: "the link goes on",
    frames: () => repeat(1_000, () => encodeLossy(most, encodePayload({ kind: "message", type: 0, body: nothing }))),
  },
  {
    name: "sends a word at a time, each in a frame of 64 KiB, to handlers that take long",
    reads: true,
    end: "the link goes on",
    *frames(mark) {
      for (const frame of sameMessages(3_000, Uint8Array.from(encode(new Uint8Array(1))), mark)) yield padded(frame);
    },
  },
  {
    name: "sends lossy messages without end, to handlers that take long",
    reads: true,
    end: "the link goes on",
    *frames({ message }) {
      const writer = new LyingWriter();
      yield writer.messages(control, { kind: "bind", number: 0, name: message });
      const payload = encodePayload({ kind: "message", type: 0, body: encode("x".repeat(10_000)) });
      for (let i = 0; i < 20_000; i++) yield encodeLossy(i, payload);
    },
  },
  {
    name: "sends what ends in the middle of a record",
    reads: true,
    end: "the link ends",
    frames: () => [Uint8Array.of(2, 200)],
  },
  {
    name: "cancels, stops and grants what it never opened",
    reads: true,
    end: "the link goes on",
    *frames() {
      const writer = new LyingWriter();
      for (let request = 0; request < limits.openRequests * 8; request++) {
        yield writer.messages(normal, { kind: "cancel", request }, { kind: "response", request, body: nothing });
      }
    },
  },
];
