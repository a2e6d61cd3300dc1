import { ContractFailure, equal, throws } from "../bench.js";
import { answerOf, call, offerOf, openBoth, patternOf } from "../call.js";
import type { ContractCase } from "../contract-case.js";

/** The end of a connection, from either side, at any time (W3C webrtc-pc §4.4.2, §6.2). */
export const closingCases: readonly ContractCase[] = [
  {
    name: "a connection that is closed is so at once, and tells its own side nothing",
    async run(bench) {
      await call(bench);
      const { one } = bench;
      const before = [one.connection.length, one.signaling.length];
      one.rtc.close();
      equal(
        "states",
        [one.rtc.connectionState, one.rtc.signalingState, one.rtc.iceConnectionState],
        ["closed", "closed", "closed"],
      );
      await bench.pass(100);
      equal("events", [one.connection.length, one.signaling.length], before);
    },
  },
  {
    name: "its own channels are closed at once",
    async run(bench) {
      await call(bench);
      bench.one.rtc.close();
      equal(
        "states",
        bench.one.channels.map(({ channel }) => channel.readyState),
        ["closed", "closed"],
      );
    },
  },
  {
    name: "its own channels say that they closed, once",
    async run(bench) {
      await call(bench);
      bench.one.rtc.close();
      await bench.until("they say so", () => bench.one.channels.every(({ events }) => events.includes("close")));
      await bench.pass(50);
      equal(
        "events",
        bench.one.channels.map(({ events }) => events),
        [
          ["open", "close"],
          ["open", "close"],
        ],
      );
    },
  },
  {
    name: "its own channels refuse what is sent from then on",
    async run(bench) {
      await call(bench);
      bench.one.rtc.close();
      throws("send", () => bench.one.first.channel.send(Uint8Array.of(1)), "InvalidStateError");
    },
  },
  {
    name: "the other side's channels close, with one event each",
    async run(bench) {
      await call(bench);
      bench.one.rtc.close();
      const { channels } = bench.other;
      await bench.until("both are closed", () => channels.every(({ events }) => events.includes("close")));
      await bench.pass(100);
      equal(
        "events",
        channels.map(({ events }) => events),
        [
          ["open", "close"],
          ["open", "close"],
        ],
      );
      equal(
        "states",
        channels.map(({ channel }) => channel.readyState),
        ["closed", "closed"],
      );
    },
  },
  {
    name: "the other side's channels refuse what is sent once they are closed",
    async run(bench) {
      await call(bench);
      bench.one.rtc.close();
      const { channel, events } = bench.other.first;
      await bench.until("it is closed", () => events.includes("close"));
      throws("send", () => channel.send(Uint8Array.of(1)), "InvalidStateError");
    },
  },
  {
    name: "the other side's connection isn't closed with its channels",
    async run(bench) {
      await call(bench);
      bench.one.rtc.close();
      await bench.until("it is closed", () => bench.other.first.events.includes("close"));
      await bench.pass(100);
      equal("state", bench.other.rtc.connectionState, "connected");
    },
  },
  {
    name: "what waits when a connection closes is lost",
    async run(bench) {
      await call(bench);
      const { channel } = bench.one.first;
      const piece = patternOf(1, 65_536);
      for (let sent = 0; sent < 128; sent++) channel.send(piece);
      bench.one.rtc.close();
      const { events, messages } = bench.other.first;
      await bench.until("it is closed", () => events.includes("close"));
      await bench.pass(50);
      if (messages.length >= 128) throw new ContractFailure("what waited: it was all delivered");
    },
  },
  {
    name: "closing again changes nothing",
    async run(bench) {
      await call(bench);
      bench.one.rtc.close();
      bench.one.rtc.close();
      equal("state", bench.one.rtc.signalingState, "closed");
    },
  },
  {
    name: "a connection that is closed makes no offer",
    async run(bench) {
      openBoth(bench.one);
      bench.one.rtc.close();
      await bench.refused("createOffer", bench.one.rtc.createOffer(), "InvalidStateError");
    },
  },
  {
    name: "a connection that is closed takes no description",
    async run(bench) {
      const offer = await offerOf(bench, bench.one);
      bench.other.rtc.close();
      await bench.refused("setRemoteDescription", bench.other.rtc.setRemoteDescription(offer), "InvalidStateError");
    },
  },
  {
    name: "a connection that is closed makes no channel",
    async run({ one }) {
      one.rtc.close();
      throws("createDataChannel", () => one.openChannel(0), "InvalidStateError");
    },
  },
  {
    name: "a side that closes before the answer opens nothing",
    async run(bench) {
      const { one, other } = bench;
      const answer = await answerOf(bench, other, await offerOf(bench, one));
      one.rtc.close();
      await bench.refused("setRemoteDescription", one.rtc.setRemoteDescription(answer), "InvalidStateError");
      await bench.pass(200);
      equal("the other's channel", other.first.channel.readyState, "connecting");
    },
  },
  {
    name: "what is under way when a connection closes never ends",
    async run(bench) {
      openBoth(bench.one);
      let outcome = "never";
      bench.one.rtc.createOffer().then(
        () => {
          outcome = "made";
        },
        (error: Error) => {
          outcome = error.name;
        },
      );
      bench.one.rtc.close();
      await bench.pass(200);
      equal("createOffer", outcome, "never");
    },
  },
  {
    name: "a channel that is closed closes its other end, and no other",
    async run(bench) {
      await call(bench);
      bench.one.first.channel.close();
      const { channels } = bench.other;
      await bench.until("it is closed", () => channels[0]?.events.includes("close") === true);
      equal("the other channel", channels[1]?.channel.readyState, "open");
    },
  },
];
