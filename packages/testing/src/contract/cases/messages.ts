import { ContractFailure, equal } from "../bench.js";
import { call, isSame, patternOf } from "../call.js";
import type { ContractCase } from "../contract-case.js";
import type { ChannelRecord } from "../end.js";

const messages = 1_000;
/** Mostly small, some of many packets. */
const lengthOf = (number: number) => (number % 50 === 49 ? 16_384 : 1 + ((number * 37) % 1_200));

function sendAll({ channel }: ChannelRecord): void {
  for (let number = 0; number < messages; number++) channel.send(patternOf(number, lengthOf(number)));
}

function checkAll({ messages: got }: ChannelRecord): void {
  const wrong = got.findIndex((message, number) => !isSame(message, patternOf(number, lengthOf(number))));
  if (wrong >= 0) throw new ContractFailure(`message ${wrong}: another one`);
}

/** What a channel carries, and what it says of what waits (W3C webrtc-pc §6.2). */
export const messageCases: readonly ContractCase[] = [
  {
    name: "1,000 messages of mixed sizes arrive in order, both ways at once",
    async run(bench) {
      await call(bench);
      const both = [bench.one.first, bench.other.first];
      for (const record of both) sendAll(record);
      await bench.until("all have come", () => both.every((record) => record.messages.length >= messages));
      for (const record of both) checkAll(record);
    },
  },
  {
    name: "messages of up to 64 KiB arrive whole, as array buffers",
    async run(bench) {
      await call(bench);
      const lengths = [1, 1_199, 1_200, 16_383, 16_384, 16_385, 65_535, 65_536];
      for (const length of lengths) bench.one.first.channel.send(patternOf(length, length));
      const got = bench.other.first.messages;
      await bench.until("all have come", () => got.length >= lengths.length);
      equal(
        "whole",
        lengths.map((length, at) => isSame(got[at], patternOf(length, length))),
        lengths.map(() => true),
      );
    },
  },
  {
    name: "an empty message arrives",
    async run(bench) {
      await call(bench);
      bench.one.first.channel.send(new Uint8Array(0));
      bench.one.first.channel.send(Uint8Array.of(1));
      const got = bench.other.first.messages;
      await bench.until(
        "messages",
        () => got.length >= 1 && got.some((message) => (message as ArrayBuffer).byteLength === 1),
      );
      equal(
        "lengths",
        got.map((message) => (message as ArrayBuffer).byteLength),
        [0, 1],
      );
    },
  },
  {
    name: "of a view that part is sent which it shows, as it is then",
    async run(bench) {
      await call(bench);
      const view = patternOf(1, 300).subarray(100, 200);
      const expected = view.slice();
      bench.one.first.channel.send(view);
      view.fill(0);
      const got = bench.other.first.messages;
      await bench.until("the message", () => got.length > 0);
      equal("the same", isSame(got[0], expected), true);
    },
  },
  {
    name: "a channel that may lose something carries what isn't lost",
    async run(bench) {
      await call(bench);
      for (const from of [bench.one, bench.other]) from.channels[1]?.channel.send(patternOf(3, 900));
      const got = () => [bench.one, bench.other].flatMap(({ channels }) => channels[1]?.messages ?? []);
      await bench.until("both have come", () => got().length === 2);
      equal(
        "the same",
        got().map((message) => isSame(message, patternOf(3, 900))),
        [true, true],
      );
    },
  },
  {
    name: "what was sent counts as buffered until the program lets go",
    async run(bench) {
      await call(bench);
      const { channel } = bench.one.first;
      const sent = patternOf(1, 10_000);
      channel.send(sent);
      equal("bufferedAmount", channel.bufferedAmount, sent.length);
      channel.send(sent);
      equal("bufferedAmount", channel.bufferedAmount, 2 * sent.length);
      await bench.until("it is 0 again", () => channel.bufferedAmount === 0);
    },
  },
  {
    name: "a buffer that was filled says once that it is low, and is",
    async run(bench) {
      await call(bench);
      const { channel, events } = bench.one.first;
      channel.bufferedAmountLowThreshold = 64 * 1024;
      const amounts: number[] = [];
      channel.onbufferedamountlow = () => {
        events.push("low");
        amounts.push(channel.bufferedAmount);
      };
      const piece = patternOf(1, 65_536);
      for (let sent = 0; sent < 64; sent++) channel.send(piece);
      equal("is above the threshold", channel.bufferedAmount > 64 * 1024, true);
      await bench.until("all has come", () => bench.other.first.messages.length === 64);
      await bench.until("nothing is buffered", () => channel.bufferedAmount === 0);
      await bench.pass(50);
      equal("events", events, ["open", "low"]);
      equal(
        "is low",
        amounts.every((amount) => amount <= 64 * 1024),
        true,
      );
    },
  },
  {
    name: "a buffer that was never above its threshold says nothing",
    async run(bench) {
      await call(bench);
      const { channel, events } = bench.one.first;
      channel.bufferedAmountLowThreshold = 64 * 1024;
      channel.send(patternOf(1, 1_000));
      await bench.until("it has come", () => bench.other.first.messages.length === 1);
      await bench.pass(50);
      equal("events", events, ["open"]);
    },
  },
  {
    name: "20 MiB may wait",
    async run(bench) {
      await call(bench);
      const { channel } = bench.one.first;
      const piece = patternOf(1, 65_536);
      for (let sent = 0; sent < 320; sent++) channel.send(piece);
    },
  },
];
