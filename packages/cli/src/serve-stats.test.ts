import { expect, it } from "vitest";
import { statsText } from "./serve-stats.js";

const none = { joins: 0, connections: 0, rooms: 0, peers: 0, bufferedBytes: 0 };
const idle = { ...none, forwards: 0, relayed: 0, bytes: 0, relayedBytes: 0, delays: 0, drops: {} };

it("tells signals from relayed frames, and what went wrong only where it did", () => {
  expect(statsText(idle)).toBe("0 peers in 0 rooms, 0 signals (0 B) and 0 relayed frames (0 B) passed on");
  const busy = { rooms: 1, peers: 2, forwards: 12, bytes: 3_400, relayed: 1, relayedBytes: 3_000 };
  expect(statsText({ ...idle, ...busy, bufferedBytes: 70, delays: 1, drops: { gone: 2, busy: 1_000 } })).toBe(
    "2 peers in 1 room, 11 signals (400 B) and 1 relayed frame (3.0 KB) passed on, 70 B waiting to be read, " +
      "relaying held back 1 time, 2 gone turned away, 1,000 busy turned away",
  );
});
