import { joinRoom, type Room } from "@skein/client";
import { relayFallback } from "@skein/relay-fallback";
import { createServer } from "@skein/server";
import {
  answerConformance,
  type CheckResult,
  checkPeer,
  checkServer,
  conformance,
  holdCapability,
} from "@skein/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

let server: Awaited<ReturnType<typeof createServer>>;
const rooms: Room[] = [];
beforeAll(async () => {
  server = await createServer({ port: 0, graceMs: 1_000 });
});
afterEach(async () => {
  await Promise.all(rooms.splice(0).map((room) => room.leave()));
});
afterAll(() => server.close());

/** Our own peer, on node-datachannel. */
async function start(policy: "fallback" | "never"): Promise<string> {
  const room = await joinRoom({
    server: server.url,
    room: crypto.randomUUID(),
    protocols: [conformance],
    capabilities: [holdCapability],
    paths: [relayFallback({ policy })],
  });
  rooms.push(room);
  answerConformance(room);
  return room.name;
}

function wrong(results: readonly CheckResult[]): readonly CheckResult[] {
  return results.filter(({ verdict }) => verdict.is === "failed" || verdict.is === "advised");
}

function reasons(results: readonly CheckResult[]): readonly string[] {
  return [...new Set(results.flatMap(({ verdict }) => (verdict.is === "skipped" ? [verdict.because] : [])))];
}

it("our own server keeps the specification", async () => {
  const results = await checkServer({ url: server.url, timeoutMs: 15_000 });
  expect(wrong(results)).toEqual([]);
  expect(reasons(results)).toEqual([]);
});

it("our own peer keeps it, over the relay and over direct paths", async () => {
  const results = await checkPeer({ url: server.url, room: await start("fallback"), timeoutMs: 15_000 });
  expect(wrong(results)).toEqual([]);
  expect(reasons(results)).toEqual([]);
});

it("our own peer keeps it over direct paths alone, where it relays nothing", async () => {
  const under = { url: server.url, room: await start("never"), timeoutMs: 15_000, paths: "direct" } as const;
  const results = await checkPeer(under);
  expect(wrong(results)).toEqual([]);
  expect(reasons(results)).toEqual(["only the direct path is to be tested"]);
});
