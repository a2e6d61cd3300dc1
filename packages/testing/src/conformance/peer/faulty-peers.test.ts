import type { Room } from "@skein/client";
import { decodeSignal, encodeSignal, platformRandom, SkeinError, type WireRecord } from "@skein/protocol";
import { createServer } from "@skein/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkPeer } from "./check-peer.js";
import { answerConformance, conformance } from "./conformance-protocol.js";
import { joinWrongly, type Meddle, type PeerFaults } from "./faulty-peer.test-support.js";

type RecordOf<Type extends WireRecord["type"]> = Extract<WireRecord, { type: Type }>;

/** Changes records of one type. */
function onType<Type extends WireRecord["type"]>(
  type: Type,
  change: (record: RecordOf<Type>) => readonly WireRecord[] | undefined,
): Meddle {
  return (record) => (record.type === type ? change(record as RecordOf<Type>) : undefined);
}

const plenty = [2 ** 45, 2 ** 45, 2 ** 45];
const isMessage = ({ payload, last }: RecordOf<"data">) => payload[0] === 2 && last;

/** Takes a message that comes again for another: both sides' numbers shift against each other from there on. */
function takesRepeats(): { incoming: Meddle; outgoing: Meddle } {
  let expected = 0;
  let shift = 0;
  const back = (next: number) => Math.max(0, next - shift);
  return {
    incoming: (record) => {
      if (record.type === "hello" && record.hello.of === undefined) expected = shift = 0;
      if (record.type !== "data") return undefined;
      if (record.sequence >= expected) {
        if (record.sequence === expected) expected++;
        return [{ ...record, sequence: record.sequence + shift }];
      }
      return isMessage(record) ? [{ ...record, sequence: expected + shift++ }] : undefined;
    },
    outgoing: (record) => {
      if (record.type === "hello") return [{ ...record, hello: { ...record.hello, next: back(record.hello.next) } }];
      if (record.type !== "acknowledgement") return undefined;
      const { next, credit } = record.acknowledgement;
      return [{ ...record, acknowledgement: { next: back(next), credit } }];
    },
  };
}

function sendsOnce(): { outgoing: Meddle } {
  let next = 0;
  return {
    outgoing: (record) => {
      if (record.type === "hello" && record.hello.of === undefined) next = 0;
      if (record.type !== "data") return undefined;
      if (record.sequence < next) return [];
      next = record.sequence + 1;
      return undefined;
    },
  };
}

function forgetsItsLink(): { outgoing: Meddle } {
  let paths = 0;
  return {
    outgoing: onType("hello", ({ type, hello: { of: _, ...hello } }) =>
      paths++ === 0 ? undefined : [{ type, hello: { ...hello, link: platformRandom(8), next: 0 } }],
    ),
  };
}

function overlooksGaps(): { incoming: Meddle } {
  let expected = 0;
  return {
    incoming: (record) => {
      if (record.type === "hello" && record.hello.of === undefined) expected = 0;
      if (record.type !== "data") return undefined;
      if (record.sequence > expected) return [];
      expected = Math.max(expected, record.sequence + 1);
      return undefined;
    },
  };
}

/** The same room, which takes no handler for one of its words. */
function without(room: Room, word: string): Room {
  const handle = (definition: { readonly name: string }, handler: never) =>
    definition.name === word ? () => {} : room.handle(definition as never, handler);
  return new Proxy(room, {
    get: (_, key) => {
      const member: unknown = key === "handle" ? handle : Reflect.get(room, key, room);
      return typeof member === "function" ? member.bind(room) : member;
    },
  });
}

interface WrongPeer {
  readonly fault: string;
  readonly faults: PeerFaults;
  /** The checks that go red. */
  readonly red: readonly string[];
}

const peers: readonly WrongPeer[] = [
  {
    fault: "delivers repeats",
    faults: { records: takesRepeats },
    red: [
      "what was lost with a path is taken from the next, and what came before isn't delivered again",
      "a number that was seen is dropped",
    ],
  },
  {
    fault: "ignores windows",
    faults: {
      records: () => ({
        incoming: (record) => {
          if (record.type === "hello") return [{ ...record, hello: { ...record.hello, credit: plenty } }];
          if (record.type !== "acknowledgement") return undefined;
          return [{ ...record, acknowledgement: { ...record.acknowledgement, credit: plenty } }];
        },
      }),
    },
    red: ["the peer sends no more of a lane than it was granted, and goes on when it is"],
  },
  {
    fault: "grants more while its handlers are busy",
    faults: {
      answer: (room) => {
        answerConformance(without(room, conformance.hold.name));
        room.handle(conformance.hold, () => {});
      },
    },
    red: ["a slow handler makes the sender wait, and goes on", "more than was granted is a violation"],
  },
  {
    fault: "acknowledges too much",
    faults: {
      records: () => ({
        outgoing: onType("acknowledgement", ({ type, acknowledgement: { next, credit } }) => [
          { type, acknowledgement: { next: next + 1, credit } },
        ]),
      }),
    },
    red: ["a repeated number is acknowledged again", "no more is acknowledged than was sent"],
  },
  {
    fault: "acknowledges nothing",
    faults: { records: () => ({ outgoing: onType("acknowledgement", () => []) }) },
    red: [
      "what came is acknowledged",
      "a repeated number is acknowledged again",
      "no more is acknowledged than was sent",
    ],
  },
  {
    fault: "sends nothing again",
    faults: { records: sendsOnce },
    red: [
      "what wasn't acknowledged is sent again on the next path, as it was, and nothing else",
      "no data goes on a path before the other side's HELLO",
    ],
  },
  {
    fault: "forgets its link where a path dies",
    faults: { records: forgetsItsLink },
    red: [
      "on a new path the peer says which link goes on, with whom, and what it has",
      "no data goes on a path before the other side's HELLO",
      "a channel that closes without `close` leaves the link as it is",
    ],
  },
  {
    fault: "takes gaps for losses",
    faults: { records: overlooksGaps },
    red: ["a number above the next is a violation"],
  },
  {
    fault: "dies of records that it doesn't know",
    faults: { frame: (frame) => (frame[0] === 99 ? Uint8Array.of(0xff) : frame) },
    red: ["records of unknown types are passed over, and the others of their frame count"],
  },
  {
    fault: "dies of keys that it doesn't know",
    faults: {
      frame: (frame) => (Buffer.from(frame).includes("deep") && frame[0] === 1 ? Uint8Array.of(0xff) : frame),
    },
    red: ["unknown keys in HELLO are ignored"],
  },
  {
    fault: "ignores `cancel`",
    faults: {
      records: () => ({
        incoming: onType("data", (record) =>
          record.payload[0] === 6 ? [{ ...record, payload: Uint8Array.of(99) }] : undefined,
        ),
      }),
    },
    red: ["a request that is cancelled stops its handler"],
  },
  {
    fault: "tells what its handlers threw",
    faults: {
      answer: (room) => {
        answerConformance(without(room, conformance.fail.name));
        room.handle(conformance.fail, (body) => {
          throw new SkeinError("handler-failed", `it threw at ${JSON.stringify(body)}`);
        });
      },
    },
    red: ["a handler that fails is answered `handler-failed`, and nothing of what it threw is told"],
  },
  {
    fault: "answers in one lane alone",
    faults: {
      records: () => ({
        outgoing: onType("data", (record) => (record.payload[0] === 4 ? [{ ...record, lane: 1 }] : undefined)),
      }),
    },
    red: ["a request is answered once, on its own lane"],
  },
  {
    fault: "doesn't look at the versions that others speak",
    faults: {
      records: () => ({
        incoming: onType("hello", ({ type, hello }) => [
          { type, hello: { ...hello, protocols: { "skein.conformance": ["1.0.0"] } } },
        ]),
      }),
    },
    red: ["without a common version nothing of that protocol is sent, and the link goes on"],
  },
  {
    fault: "delivers lossy messages that come late",
    faults: {
      records: () => {
        let count = 0;
        return { incoming: onType("lossy", (record) => [{ ...record, sequence: count++ }]) };
      },
    },
    red: ["numbers may be left out, and one that isn't above all before is dropped"],
  },
  {
    fault: "sends more of a stream than it was granted",
    faults: {
      records: () => ({
        incoming: onType("data", (record) => {
          const { payload } = record;
          const isOpening = payload[0] === 7 && (payload[2] ?? 0x80) < 0x80;
          return isOpening ? [{ ...record, payload: payload.with(2, 0x7f) }] : undefined;
        }),
      }),
    },
    red: ["no more of a stream is sent than was granted, and the rest when it is"],
  },
  {
    fault: "takes envelopes that come again",
    faults: { envelopes: { forgetful: true } },
    red: [
      "an envelope that comes again is dropped",
      "an envelope of 1,024 or more below the highest counter is dropped",
    ],
  },
  {
    fault: "uses each counter twice",
    faults: { envelopes: { counter: (counter) => Math.floor(counter / 2) } },
    red: ["no counter is used twice"],
  },
  {
    fault: "overlooks that relayed frames are missing",
    faults: {
      packet: () => {
        let next = { channel: 0, index: 0 };
        return (packet) => {
          if (packet.channel < next.channel) return packet;
          if (packet.channel > next.channel) next = { channel: packet.channel, index: 0 };
          const { index } = next;
          if (packet.frame.length > 0) next = { ...next, index: index + 1 };
          return { ...packet, index };
        };
      },
    },
    red: [
      "a frame that is missing ends the channel, and the next one begins",
      "a frame that comes twice ends the channel, and the next one begins",
    ],
  },
  {
    fault: "answers offers of lower generations",
    faults: {
      dials: true,
      envelopes: {
        reply: () => {
          let highest = 0;
          return (body) => {
            const signal = decodeSignal(body);
            if (!signal.ok || signal.value.t !== "offer") return undefined;
            const { g, sdp } = signal.value;
            const isStale = g < highest;
            highest = Math.max(highest, g);
            return isStale ? encodeSignal({ t: "answer", g, sdp }) : undefined;
          };
        },
      },
    },
    red: ["an offer of a lower generation is dropped"],
  },
];

let server: Awaited<ReturnType<typeof createServer>>;
beforeAll(async () => {
  server = await createServer({ port: 0 });
});
afterAll(() => server.close());

/** What is to fail is mostly waited for in vain. That our own peer passes the same checks is shown beside this. */
const redMs = 3_000;

it.concurrent.each(peers)(
  "a peer that $fault: these checks go red",
  async ({ fault, faults, red }) => {
    const room = await joinWrongly(server.url, fault, faults);
    const under = { url: server.url, room: fault, timeoutMs: redMs, paths: faults.dials ? "both" : "relay" } as const;
    try {
      const results = await checkPeer(under, { only: ({ name }) => red.includes(name) });
      const came = results.flatMap(({ name, verdict }) => (verdict.is === "failed" ? [name] : []));
      expect(came.sort()).toEqual([...red].sort());
    } finally {
      await room.leave();
    }
  },
  120_000,
);
