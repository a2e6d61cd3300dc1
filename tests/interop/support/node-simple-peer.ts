import * as wrtc from "node-datachannel/polyfill";
import SimplePeer from "simple-peer";
import type { CreateSimplePeer } from "./simple-peer-agent.ts";

/**
 * What simple-peer expects and node-datachannel's polyfill isn't: `sdp` is assigned to, and is a getter there; a candidate may come as soon as
 * there is a remote description, and is refused there until there is a local one.
 */
class RTCPeerConnection extends wrtc.RTCPeerConnection {
  #describe: () => void = () => {};
  readonly #described = new Promise<void>((resolve) => {
    this.#describe = resolve;
  });

  override async createOffer(): Promise<RTCSessionDescription> {
    return plain(await super.createOffer());
  }

  override async createAnswer(): Promise<RTCSessionDescription> {
    return plain(await super.createAnswer());
  }

  override async setLocalDescription(description?: RTCSessionDescriptionInit): Promise<void> {
    await super.setLocalDescription(description as never);
    this.#describe();
  }

  override async addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
    await this.#described;
    await super.addIceCandidate(candidate as never);
  }
}

function plain({ type, sdp }: RTCSessionDescriptionInit): RTCSessionDescription {
  return { type, sdp } as RTCSessionDescription;
}

/** The real package, on node-datachannel. */
export const createNodeSimplePeer: CreateSimplePeer = (options) =>
  new SimplePeer({ ...options, config: { iceServers: [] }, wrtc: { ...wrtc, RTCPeerConnection } as never });
