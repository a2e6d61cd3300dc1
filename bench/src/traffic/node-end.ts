// A Node process that is one of two ends.
import { RTCIceCandidate, RTCPeerConnection, RTCSessionDescription } from "node-datachannel/polyfill";
import SimplePeer from "simple-peer";
import { answerCalls } from "../child.ts";
import { bytesCodec } from "./codec.ts";
import { endMethods } from "./end.ts";
import type { Opening, Place } from "./line.ts";
import { withPlainDescriptions } from "./plain-descriptions.ts";
import { openRawJson } from "./raw-json.ts";
import { openRaw } from "./raw-line.ts";
import { openSimplePeer } from "./simple-peer-line.ts";
import { openSkein } from "./skein-line.ts";

const PeerConnection = RTCPeerConnection as unknown as typeof globalThis.RTCPeerConnection;
/** What simple-peer wants of an engine. */
const wrtc = {
  RTCPeerConnection: withPlainDescriptions(PeerConnection),
  RTCIceCandidate,
  RTCSessionDescription,
} as unknown as NonNullable<SimplePeer.Options["wrtc"]>;

function openWay(place: Place): Promise<Opening> {
  switch (place.way) {
    case "skein":
    case "skein-relay":
      return openSkein(place);
    case "raw":
      return openRaw(place, bytesCodec(place.cargo), PeerConnection);
    case "raw-json":
      return openRawJson(place, PeerConnection);
    case "simple-peer":
      return openSimplePeer(place, bytesCodec(place.cargo), (options) => new SimplePeer({ ...options, wrtc }));
    case "peerjs":
      return Promise.reject(new Error("PeerJS runs in browsers."));
  }
}

answerCalls(endMethods(openWay));
