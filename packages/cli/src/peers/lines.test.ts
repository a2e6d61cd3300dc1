import { stripVTControlCharacters } from "node:util";
import type { PeerId, PeerStats, RoomHappening, RoomStats } from "@skein/client";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createInk } from "../terminal/ink.js";
import { widthOf } from "../terminal/width.js";
import { eventLines, headLines, peerLines } from "./lines.js";

const plain = createInk({}, {});
const coloured = createInk({ isTTY: true }, {});
const wallMs = 1_700_000_000_000;
const count = fc.nat(2 ** 40);
const id = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/).map((text) => text as PeerId);
const anyText = fc.string({ unit: "binary", maxLength: 128 });

const traffic = fc.record({
  bytesSent: count,
  bytesReceived: count,
  relayBytesSent: count,
  relayBytesReceived: count,
  messagesSent: count,
  messagesReceived: count,
  messagesDropped: count,
});
const peer: fc.Arbitrary<PeerStats> = fc.record({
  id,
  name: fc.option(anyText, { nil: undefined }),
  state: fc.constantFrom("connecting" as const, "connected" as const, "gone" as const),
  sinceMs: fc.integer({ min: wallMs - 10 ** 9, max: wallMs }),
  path: fc.constantFrom("direct" as const, "relay" as const, undefined),
  candidates: fc.constantFrom({ local: "host", remote: "srflx" }, undefined),
  rttMs: fc.option(fc.double({ min: 0, max: 100_000, noNaN: true }), { nil: undefined }),
  openMs: fc.constant(undefined),
  traffic,
  rates: traffic,
});
const happening: fc.Arbitrary<RoomHappening> = fc.record({
  event: fc.constantFrom("peer-joined" as const, "path-changed" as const, "rejected" as const),
  peer: fc.option(id, { nil: undefined }),
  reason: fc.option(anyText, { nil: undefined }),
  atMs: fc.nat(wallMs),
  times: fc.nat(1_000),
});
const anyStats: fc.Arbitrary<RoomStats> = fc
  .tuple(traffic, traffic, fc.array(peer, { maxLength: 5 }), fc.array(happening, { maxLength: 5 }))
  .map(([totals, rates, perPeer, events]) => ({
    ...totals,
    rates,
    perPeer,
    events,
    peers: perPeer.length,
    connected: perPeer.filter(({ state }) => state === "connected").length,
    rejected: {},
    server: "connected",
  }));

/** How wide a text may be in which nothing but names is left to leave out. */
const leastColumns = 36;

describe("the lines of skein peers", () => {
  it("fit into the terminal, whatever others call themselves and whatever reasons they give", () => {
    fc.assert(
      fc.property(anyStats, anyText, fc.integer({ min: leastColumns, max: 140 }), (stats, room, columns) => {
        const names = new Map(stats.perPeer.map((each) => [each.id, each.name ?? ""]));
        const lines = [
          ...headLines(room, stats, columns, coloured),
          ...peerLines(stats, wallMs, columns, coloured),
          ...eventLines(stats, names, { columns, most: 10 }, coloured),
        ];
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
        for (const line of lines) expect(stripVTControlCharacters(line)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  const [sample] = fc.sample(anyStats, { numRuns: 1, seed: 1 });
  const totals = { bytesSent: 1_234_567, bytesReceived: 99, relayBytesSent: 5, relayBytesReceived: 7 };
  const messages = { messagesSent: 12, messagesReceived: 34, messagesDropped: 0 };
  const ann: PeerStats = {
    id: "NM0fkuDdXXX" as PeerId,
    name: "ann",
    state: "connected",
    sinceMs: wallMs - 65_000,
    path: "direct",
    candidates: { local: "host", remote: "srflx" },
    rttMs: 12.34,
    openMs: 50,
    traffic: { ...totals, ...messages },
    rates: { ...totals, ...messages, bytesReceived: 9.9 },
  };
  const stats = {
    ...(sample as RoomStats),
    perPeer: [ann, { ...ann, name: undefined, path: undefined, rttMs: undefined }],
  };

  it("show all of it where there is room", () => {
    expect(peerLines(stats, wallMs, 120, plain)).toEqual([
      "NAME  ID        PATH    ENDS          RTT      IN       OUT  MESSAGES  RELAYED     SINCE",
      "ann   NM0fkuDd  direct  host/srflx  12 ms  10 B/s  1.2 MB/s     34/12     12 B  1:05 min",
      "–     NM0fkuDd  none    host/srflx      –  10 B/s  1.2 MB/s     34/12     12 B  1:05 min",
    ]);
  });

  it("leave out what matters least where there is none", () => {
    const heads = (columns: number) => peerLines(stats, wallMs, columns, plain)[0]?.split(/ +/);
    expect(heads(80)).toEqual(["NAME", "PATH", "ENDS", "RTT", "IN", "OUT", "MESSAGES", "RELAYED", "SINCE"]);
    expect(heads(60)).toEqual(["NAME", "PATH", "RTT", "IN", "OUT", "RELAYED", "SINCE"]);
    expect(heads(24)).toEqual(["NAME", "PATH", "IN"]);
  });

  it("say so where nobody else is there", () => {
    expect(peerLines({ ...stats, perPeer: [] }, wallMs, 80, plain)).toEqual(["Nobody else is in the room."]);
  });
});
