import { joinRoom, type Room } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";
import { createServer } from "@skein/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkPeer } from "./check-peer.js";
import { answerConformance, conformance, holdCapability } from "./conformance-protocol.js";

let server: Awaited<ReturnType<typeof createServer>>;
let room: Room;
beforeAll(async () => {
  server = await createServer({ port: 0 });
  room = await joinRoom({
    server: server.url,
    room: "lab",
    protocols: [conformance],
    capabilities: [holdCapability],
    paths: [relayFallback({ policy: "only" })],
  });
  answerConformance(room);
});
afterAll(async () => {
  await room.leave();
  await server.close();
});

it("finds nothing wrong with our own peer over the relay, and skips what needs a direct path", async () => {
  const under = { url: server.url, room: "lab", timeoutMs: 10_000, paths: "relay" } as const;
  const results = await checkPeer(under, { concurrency: 8 });
  expect(results.filter(({ verdict }) => verdict.is === "failed" || verdict.is === "advised")).toEqual([]);
  const because = results.flatMap(({ verdict }) => (verdict.is === "skipped" ? [verdict.because] : []));
  expect(new Set(because)).toEqual(new Set(["only the relay path is to be tested"]));
});

it("says where there is nobody to be tested", async () => {
  const under = { url: server.url, room: "an empty room", timeoutMs: 200 };
  await expect(checkPeer(under)).rejects.toMatchObject({ code: "no-such-peer" });
});
