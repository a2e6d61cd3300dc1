// A Node process that is one of two.
import { RTCPeerConnection } from "node-datachannel/polyfill";
import { answerCalls } from "../child.ts";
import { RawSide } from "./raw-side.ts";
import { sideMethods } from "./side.ts";
import { SkeinSide } from "./skein-side.ts";

const PeerConnection = RTCPeerConnection as unknown as new () => globalThis.RTCPeerConnection;

answerCalls(
  sideMethods((meeting) => (meeting.way === "skein" ? new SkeinSide(meeting) : new RawSide(meeting, PeerConnection))),
);
