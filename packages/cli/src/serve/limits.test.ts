import { describe, expect, it } from "vitest";
import { limitsOf } from "./limits.js";

describe("the limits of `skein serve`", () => {
  it("are the server's own where nothing is told", () => {
    expect(limitsOf({})).toEqual({});
  });

  it("each take the place of one of the server's, and leave the others", () => {
    expect(limitsOf({ relayRate: 1_000, signalRate: 100, controlRate: 10, maxBuffered: 200_000 })).toEqual({
      relayBytes: { perSecond: 1_000, burst: 2_000 },
      signals: { perSecond: 100, burst: 1_000 },
      control: { perSecond: 10, burst: 30 },
      bufferedBytes: 200_000,
    });
    expect(limitsOf({ maxConnections: 1, maxRooms: 2, maxPeers: 3, maxRoomPeers: 4, idle: 5 })).toEqual({
      connections: 1,
      rooms: 2,
      peers: 3,
      peersPerRoom: 4,
      idleMs: 5_000,
    });
    expect(limitsOf({ maxRoomRate: 7 })).toEqual({ perRoom: { arrivals: { perSecond: 7, burst: 70 } } });
  });

  it("let in at once whoever may be there at once, however few may come a second", () => {
    expect(limitsOf({ maxAddressConnections: 3_000 })).toEqual({
      perAddress: { holders: 3_000, arrivals: { perSecond: 5, burst: 3_000 } },
    });
    expect(limitsOf({ maxAddressRate: 7 })).toEqual({ perAddress: { arrivals: { perSecond: 7, burst: 512 } } });
    expect(limitsOf({ maxIdentityRooms: 10 })).toEqual({
      perIdentity: { holders: 10, arrivals: { perSecond: 20, burst: 20 } },
    });
    expect(limitsOf({ maxIdentityRate: 2 })).toEqual({ perIdentity: { arrivals: { perSecond: 2, burst: 2_048 } } });
  });
});
