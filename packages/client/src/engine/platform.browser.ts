import { SkeinError } from "@skein/protocol";
import { browserKind, type Engine } from "./engine.js";

export { platformNetwork } from "../network/network.browser.js";

/** The browser's own RTCPeerConnection. */
export async function platformEngine(): Promise<Engine> {
  const RTCPeerConnection = (globalThis as { RTCPeerConnection?: Engine["RTCPeerConnection"] }).RTCPeerConnection;
  if (RTCPeerConnection === undefined) {
    throw new SkeinError("no-engine", "This platform has no RTCPeerConnection. Pass one to joinRoom as `engine`.");
  }
  return { kind: browserKind, RTCPeerConnection, rollback: true, restart: true };
}
