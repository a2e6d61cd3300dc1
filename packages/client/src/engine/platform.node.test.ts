import { describe, expect, it } from "vitest";
import { platformEngine } from "./platform.node.js";

describe("Node's engine", () => {
  it("gets credentials that expire in a form that can be pasted into an address", async () => {
    const { adoptIceServers, RTCPeerConnection } = await platformEngine();
    const iceServers = adoptIceServers?.([
      { urls: ["turn:192.0.2.1:3478?transport=udp"], username: "1790003600:a b@c", credential: "4n/+q=:@" },
    ]);
    expect(iceServers).toEqual([
      {
        urls: ["turn:192.0.2.1:3478?transport=udp"],
        username: "1790003600%3Aa%20b%40c",
        credential: "4n%2F%2Bq%3D%3A%40",
      },
    ]);
    const connection = new RTCPeerConnection({ iceServers: iceServers as RTCIceServer[] });
    connection.close();
  });

  it("isn't given what makes it refuse every connection", async () => {
    const { adoptIceServers } = await platformEngine();
    const servers = [{ urls: ["stuns:a", "stun:b"] }, { urls: ["stuns:c"] }];
    expect(adoptIceServers?.(servers)).toEqual([{ urls: ["stun:b"] }]);
  });
});
