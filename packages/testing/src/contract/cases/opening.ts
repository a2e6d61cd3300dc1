import { ContractFailure, equal, throws } from "../bench.js";
import { allOpen, answerOf, call, offerOf, openBoth, trickle } from "../call.js";
import type { ContractCase } from "../contract-case.js";

/** States in their order. Where an event tells the state of now, as some engines' do, one may be missed. */
function inOrder(states: readonly string[], order: readonly string[]): void {
  equal(
    "events",
    states,
    [...states].sort((a, b) => order.indexOf(a) - order.indexOf(b)),
  );
  equal(
    "states that aren't among these",
    states.filter((state) => !order.includes(state)),
    [],
  );
}

/** From an offer to open channels, and two offers that cross (W3C webrtc-pc §4.4.1.5, §6.1, §6.2). */
export const openingCases: readonly ContractCase[] = [
  {
    name: "channels 0 and 1 open on both sides, once each",
    async run(bench) {
      await call(bench);
      await bench.pass(50);
      const events = [bench.one, bench.other].flatMap(({ channels }) => channels.map((record) => record.events));
      equal("events", events, [["open"], ["open"], ["open"], ["open"]]);
    },
  },
  {
    name: "a channel says what it was made with",
    async run({ one }) {
      const { channel } = one.openChannel(1, { maxRetransmits: 3, protocol: "p" });
      const { id, label, ordered, negotiated, maxRetransmits, protocol, readyState, binaryType } = channel;
      equal(
        "it says",
        { id, label, ordered, negotiated, maxRetransmits, protocol, readyState, binaryType },
        {
          id: 1,
          label: "channel 1",
          ordered: true,
          negotiated: true,
          maxRetransmits: 3,
          protocol: "p",
          readyState: "connecting",
          binaryType: "arraybuffer",
        },
      );
    },
  },
  {
    name: "the connection is new, then connecting, then connected",
    async run(bench) {
      await call(bench);
      for (const { connection } of [bench.one, bench.other]) {
        await bench.until("it is connected", () => connection.at(-1) === "connected");
        inOrder(connection, ["connecting", "connected"]);
      }
    },
  },
  {
    name: "ICE is new, then checking, then connected",
    async run(bench) {
      await call(bench);
      for (const { ice } of [bench.one, bench.other]) {
        // That all is checked comes as an engine likes.
        await bench.until("it is connected", () => ice.at(-1) === "connected" || ice.at(-1) === "completed");
        inOrder(ice, ["checking", "connected", "completed"]);
      }
    },
  },
  {
    name: "what is sent as a channel opens arrives",
    async run(bench) {
      const { one, other } = bench;
      openBoth(one);
      const { channel } = one.first;
      channel.onopen = () => channel.send(Uint8Array.of(1, 2, 3));
      trickle(bench);
      await one.take(await answerOf(bench, other, await offerOf(bench, one)));
      await bench.until("the message", () => other.first.messages.length > 0);
    },
  },
  {
    name: "sending before a channel is open throws",
    async run(bench) {
      openBoth(bench.one);
      const { channel } = bench.one.first;
      throws("send", () => channel.send(Uint8Array.of(1)), "InvalidStateError");
    },
  },
  {
    name: "a channel that is made later opens at once",
    async run(bench) {
      await call(bench);
      for (const end of [bench.one, bench.other]) end.openChannel(2);
      await allOpen(bench);
      bench.one.channels[2]?.channel.send(Uint8Array.of(7));
      await bench.until("the message", () => bench.other.channels[2]?.messages.length === 1);
    },
  },
  {
    name: "an offer of the other side rolls back its own",
    async run(bench) {
      const { one, other } = bench;
      const offer = await offerOf(bench, one);
      await offerOf(bench, other);
      await bench.settled("setRemoteDescription", other.take(offer));
      equal("state", other.rtc.signalingState, "have-remote-offer");
      equal("local description", other.rtc.localDescription, null);
    },
  },
  {
    name: "two offers cross, one side gives way, and the channels open",
    async run(bench) {
      const { one, other } = bench;
      trickle(bench);
      const [offer] = [await offerOf(bench, one), await offerOf(bench, other)];
      await one.take(await answerOf(bench, other, offer));
      await allOpen(bench);
      other.first.channel.send(Uint8Array.of(7));
      await bench.until("the message", () => one.first.messages.length === 1);
    },
  },
  {
    name: "another fingerprint than the description's opens nothing",
    async run(bench) {
      const { one, other } = bench;
      trickle(bench);
      const { type, sdp = "" } = await answerOf(bench, other, await offerOf(bench, one));
      const wrong = sdp.replace(
        /^(a=fingerprint:sha-256 )(..)/m,
        (_, head: string, byte: string) => head + (byte === "00" ? "01" : "00"),
      );
      await one.take({ type, sdp: wrong });
      await bench.until("it fails", () => ["failed", "closed"].includes(one.rtc.connectionState));
      if (one.first.events.includes("open")) throw new ContractFailure("the channel: it opened");
    },
  },
];
