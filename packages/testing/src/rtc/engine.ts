import type { Engine } from "@skein/client";
import { type ConnectionWorld, SimPeerConnection } from "./peer-connection.js";
import { SelfNegotiatingConnection } from "./self-negotiating-connection.js";

/** An engine whose connections live in a simulated world. */
export function simEngine(world: ConnectionWorld): Engine {
  const { kind, rollback, restart } = world.profile;
  const Connection = kind === "node-datachannel" ? SelfNegotiatingConnection : SimPeerConnection;
  const RTCPeerConnection = class extends Connection {
    constructor(configuration?: RTCConfiguration) {
      super(world, configuration);
    }
  };
  return { kind, rollback, restart, RTCPeerConnection: RTCPeerConnection as unknown as Engine["RTCPeerConnection"] };
}
