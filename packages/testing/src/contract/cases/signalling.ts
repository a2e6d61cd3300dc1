import { equal, throws } from "../bench.js";
import { answerOf, lineOf, negotiate, offerOf, openBoth } from "../call.js";
import type { ContractCase } from "../contract-case.js";

/** Signalling states, descriptions, and what is refused in which of them (W3C webrtc-pc §4.3.1, §4.4.1.5). */
export const signallingCases: readonly ContractCase[] = [
  {
    name: "a fresh connection is in its first states",
    async run({ one: { rtc } }) {
      const { signalingState, connectionState, iceConnectionState, iceGatheringState } = rtc;
      equal(
        "states",
        [signalingState, connectionState, iceConnectionState, iceGatheringState],
        ["stable", "new", "new", "new"],
      );
    },
  },
  {
    name: "a fresh connection has no descriptions",
    async run({ one: { rtc } }) {
      equal("local description", rtc.localDescription, null);
      equal("remote description", rtc.remoteDescription, null);
    },
  },
  {
    name: "without a channel an offer has no section",
    async run(bench) {
      const offer = await bench.settled("createOffer", bench.one.rtc.createOffer());
      equal("has a section", /^m=/m.test(offer.sdp ?? ""), false);
    },
  },
  {
    name: "an offer with channels has one section, credentials, a fingerprint, and leaves the DTLS role open",
    async run(bench) {
      openBoth(bench.one);
      const offer = await bench.settled("createOffer", bench.one.rtc.createOffer());
      equal("sections", offer.sdp?.match(/^m=.*/gm)?.length, 1);
      for (const line of ["ice-ufrag", "ice-pwd", "fingerprint"]) equal(line, lineOf(offer, line) !== undefined, true);
      equal("setup", lineOf(offer, "setup"), "actpass");
    },
  },
  {
    name: "a channel and an offer that is only made leave the state stable",
    async run(bench) {
      openBoth(bench.one);
      equal("state with a channel", bench.one.rtc.signalingState, "stable");
      await bench.settled("createOffer", bench.one.rtc.createOffer());
      equal("state with an offer", bench.one.rtc.signalingState, "stable");
      equal("events", bench.one.signaling, []);
    },
  },
  {
    name: "an offer and an answer lead through the states, with one event each",
    async run(bench) {
      const { one, other } = bench;
      await negotiate(bench, one, other);
      await bench.until("events", () => one.signaling.length > 1 && other.signaling.length > 1);
      equal("the offerer's", one.signaling, ["have-local-offer", "stable"]);
      equal("the answerer's", other.signaling, ["have-remote-offer", "stable"]);
    },
  },
  {
    name: "descriptions in force are the ones that were set",
    async run(bench) {
      const { one, other } = bench;
      const offer = await offerOf(bench, one);
      equal("of an offer", [one.rtc.localDescription?.type, one.rtc.remoteDescription], ["offer", null]);
      await one.take(await answerOf(bench, other, offer));
      const types = [one, other].map(({ rtc }) => [rtc.localDescription?.type, rtc.remoteDescription?.type]);
      equal("of both", types, [
        ["offer", "answer"],
        ["answer", "offer"],
      ]);
    },
  },
  {
    name: "there is no answer where there was no offer",
    run: (bench) => bench.refused("createAnswer", bench.one.rtc.createAnswer(), "InvalidStateError"),
  },
  {
    name: "an answer to no offer is refused",
    async run(bench) {
      const answer = await answerOf(bench, bench.other, await offerOf(bench, bench.one));
      const { rtc } = bench.other;
      await bench.refused("setRemoteDescription", rtc.setRemoteDescription(answer), "InvalidStateError");
      equal("state", rtc.signalingState, "stable");
    },
  },
  {
    name: "a second answer is refused",
    async run(bench) {
      const { one, other } = bench;
      const answer = await answerOf(bench, other, await offerOf(bench, one));
      await one.take(answer);
      await bench.refused("setRemoteDescription", one.rtc.setRemoteDescription(answer), "InvalidStateError");
      equal("state", one.rtc.signalingState, "stable");
    },
  },
  {
    name: "a second offer of its own takes the place of the first",
    async run(bench) {
      const { one, other } = bench;
      await offerOf(bench, one);
      const second = await offerOf(bench, one);
      equal("state", one.rtc.signalingState, "have-local-offer");
      await one.take(await answerOf(bench, other, second));
      equal("state", one.rtc.signalingState, "stable");
    },
  },
  {
    name: "no offer is made while one of the other side waits",
    async run(bench) {
      const { one, other } = bench;
      await other.take(await offerOf(bench, one));
      equal("state", other.rtc.signalingState, "have-remote-offer");
      await bench.refused("createOffer", other.rtc.createOffer(), "InvalidStateError");
    },
  },
  {
    name: "a second offer of the other side takes the place of the first",
    async run(bench) {
      const { one, other } = bench;
      await other.take(await offerOf(bench, one));
      await other.take(await offerOf(bench, one));
      equal("state", other.rtc.signalingState, "have-remote-offer");
    },
  },
  {
    name: "a description that nobody can read is refused, and changes nothing",
    async run(bench) {
      const { rtc } = bench.one;
      const promise = rtc.setRemoteDescription({ type: "offer", sdp: "nonsense" });
      const outcome = await bench.settled(
        "setRemoteDescription",
        promise.then(
          () => "taken",
          () => "refused",
        ),
      );
      equal("setRemoteDescription", outcome, "refused");
      equal("state", rtc.signalingState, "stable");
    },
  },
  {
    name: "an answer is active where the offer leaves it the choice",
    async run(bench) {
      const answer = await answerOf(bench, bench.other, await offerOf(bench, bench.one));
      // RFC 8842 §5.3: it should be.
      equal("setup", lineOf(answer, "setup"), "active");
    },
  },
  {
    name: "an answer is passive where the offer is active",
    async run(bench) {
      const { type, sdp = "" } = await offerOf(bench, bench.one);
      const offer = { type, sdp: sdp.replace("a=setup:actpass", "a=setup:active") };
      const answer = await answerOf(bench, bench.other, offer);
      equal("setup", lineOf(answer, "setup"), "passive");
    },
  },
  {
    name: "there is one channel to a number",
    async run({ one }) {
      one.openChannel(0);
      throws("createDataChannel", () => one.openChannel(0), "OperationError");
    },
  },
];
