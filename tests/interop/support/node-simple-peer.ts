import * as wrtc from "node-datachannel/polyfill";
import SimplePeer from "simple-peer";
import type { CreateSimplePeer } from "./simple-peer-agent.ts";

/** simple-peer assigns to `sdp` of what these give, which node-datachannel has as a getter. */
class RTCPeerConnection extends wrtc.RTCPeerConnection {
  override async createOffer(): Promise<RTCSessionDescription> {
    return plain(await super.createOffer());
  }

  override async createAnswer(): Promise<RTCSessionDescription> {
    return plain(await super.createAnswer());
  }
}

function plain({ type, sdp }: RTCSessionDescriptionInit): RTCSessionDescription {
  return { type, sdp } as RTCSessionDescription;
}

/** The real package, on node-datachannel. */
export const createNodeSimplePeer: CreateSimplePeer = (options) =>
  new SimplePeer({ ...options, config: { iceServers: [] }, wrtc: { ...wrtc, RTCPeerConnection } as never });
