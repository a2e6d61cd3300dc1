import { equal } from "../bench.js";
import { allOpen, answerOf, call, lineOf, negotiate, offerOf } from "../call.js";
import type { ContractCase } from "../contract-case.js";

const someone = "candidate:1 1 udp 2122260223 127.0.0.1 9 typ host";

/** Gathering and trickle (W3C webrtc-pc §4.4.1.6, §4.8.1). */
export const candidateCases: readonly ContractCase[] = [
  {
    name: "gathering begins and ends, with one event each",
    async run(bench) {
      await offerOf(bench, bench.one);
      await bench.until(
        "both events",
        () => bench.one.gathering.length > 1 && bench.one.gathering.includes("complete"),
      );
      await bench.pass(50);
      // Some engines tell the state of now, whatever it was when the event was made.
      equal("events", [bench.one.gathering.length, bench.one.gathering.at(-1)], [2, "complete"]);
    },
  },
  {
    name: "a null candidate ends them",
    async run(bench) {
      await offerOf(bench, bench.one);
      await bench.until("gathering is complete", () => bench.one.gathering.includes("complete"));
      await bench.until("a null candidate", () => bench.one.candidates.includes(null));
      equal("nulls", bench.one.candidates.filter((candidate) => candidate === null).length, 1);
      equal("the last", bench.one.candidates.at(-1), null);
    },
  },
  {
    name: "gathering is complete when the null candidate comes",
    async run(bench) {
      const { rtc } = bench.one;
      let state = "";
      rtc.onicecandidate = ({ candidate }) => {
        if (candidate === null) state = rtc.iceGatheringState;
      };
      await offerOf(bench, bench.one);
      await bench.until("a null candidate", () => state !== "");
      equal("gathering state", state, "complete");
    },
  },
  {
    name: "no candidate comes before its description is in force",
    async run(bench) {
      const { one } = bench;
      one.openChannel(0);
      const offer = await bench.settled("createOffer", one.rtc.createOffer());
      await bench.pass(50);
      equal("there is one", one.candidates.length > 0, false);
      await one.rtc.setLocalDescription(offer);
      await bench.until("a candidate", () => one.candidates.length > 0);
    },
  },
  {
    name: "candidates name their section and their fragment",
    async run(bench) {
      const { one } = bench;
      await offerOf(bench, one);
      await bench.until("a candidate", () => one.candidates.length > 0);
      equal("section", one.candidates[0]?.sdpMid, "0");
      const fragment = lineOf(one.rtc.localDescription, "ice-ufrag");
      equal("names its fragment", one.candidates[0]?.usernameFragment === fragment, true);
    },
  },
  {
    name: "the local description holds the candidates that were found",
    async run(bench) {
      const { one } = bench;
      await offerOf(bench, one);
      await bench.until("gathering is complete", () => one.gathering.includes("complete"));
      equal("has one", lineOf(one.rtc.localDescription, "candidate") !== undefined, true);
    },
  },
  {
    name: "a candidate before there is a remote description is refused",
    async run(bench) {
      const added = bench.one.rtc.addIceCandidate({ candidate: someone, sdpMid: "0" });
      await bench.refused("addIceCandidate", added, "InvalidStateError");
    },
  },
  {
    name: "an end of candidates before there is a remote description is refused",
    async run(bench) {
      await bench.refused("addIceCandidate", bench.one.rtc.addIceCandidate(), "InvalidStateError");
    },
  },
  {
    name: "a candidate for a closed connection is refused",
    async run(bench) {
      const { rtc } = bench.other;
      await bench.other.take(await offerOf(bench, bench.one));
      rtc.close();
      const added = rtc.addIceCandidate({ candidate: someone, sdpMid: "0" });
      await bench.refused("addIceCandidate", added, "InvalidStateError");
    },
  },
  {
    name: "a candidate that nobody can read is refused, and costs nothing else",
    async run(bench) {
      const { one, other } = bench;
      await other.take(await offerOf(bench, one));
      const { signalingState } = other.rtc;
      const added = other.rtc.addIceCandidate({ candidate: "candidate:nonsense", sdpMid: "0" });
      await bench.refused("addIceCandidate", added, "OperationError");
      equal("state", other.rtc.signalingState, signalingState);
    },
  },
  {
    name: "a candidate of another fragment is refused",
    async run(bench) {
      const { one, other } = bench;
      await other.take(await offerOf(bench, one));
      const stray = { candidate: `${someone} ufrag stray`, sdpMid: "0", usernameFragment: "stray" };
      await bench.refused("addIceCandidate", other.rtc.addIceCandidate(stray), "OperationError");
    },
  },
  {
    name: "an end of candidates is taken",
    async run(bench) {
      const { one, other } = bench;
      await other.take(await offerOf(bench, one));
      await bench.settled("addIceCandidate", other.rtc.addIceCandidate());
      await bench.settled(
        "addIceCandidate of the empty one",
        other.rtc.addIceCandidate({ candidate: "", sdpMid: "0" }),
      );
    },
  },
  {
    name: "descriptions that hold all candidates are enough",
    async run(bench) {
      const { one, other } = bench;
      await offerOf(bench, one);
      await bench.until("gathering is complete", () => one.rtc.iceGatheringState === "complete");
      await answerOf(bench, other, one.described({ type: "offer" }));
      await bench.until("gathering is complete", () => other.rtc.iceGatheringState === "complete");
      await one.take(other.described({ type: "answer" }));
      await allOpen(bench);
    },
  },
  {
    name: "candidates that come by themselves, after descriptions without any, are enough",
    async run(bench) {
      const { one, other } = bench;
      for (const end of [one, other])
        end.described = ({ type, sdp = "" }) => ({ type, sdp: sdp.replace(/^a=candidate.*\r\n/gm, "") });
      await call(bench);
    },
  },
  {
    name: "without a candidate of either side nothing opens, and nothing ends at once",
    async run(bench) {
      const { one, other } = bench;
      for (const end of [one, other])
        end.described = ({ type, sdp = "" }) => ({ type, sdp: sdp.replace(/^a=candidate.*\r\n/gm, "") });
      await negotiate(bench, one, other);
      await bench.pass(500);
      equal("the channel", one.first.channel.readyState, "connecting");
      equal("is over", ["failed", "closed"].includes(one.rtc.connectionState), false);
    },
  },
];
