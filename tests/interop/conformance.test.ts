import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
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
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

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

describe("skein conformance", () => {
  const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));
  /** How it ends, and what it says. */
  const run = (...args: readonly string[]): Promise<{ code: number; out: string; error: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [skein, "conformance", ...args], (failure, out, error) =>
        resolve({ code: Number(failure?.code ?? 0), out, error }),
      );
    });

  it("prints what passes under the section's name, and ends with 0", async () => {
    const { code, out } = await run("server", server.url, "--only", "joining");
    expect(code).toBe(0);
    expect(out).toContain("server.md: Joining\n  ✓ the challenge comes first");
    expect(out).toMatch(/(\d+) of \1 checks passed, 0 failed\.\n$/);
  });

  it("gives programs a line of JSON for each check, and a summary", async () => {
    const peer = ["--server", server.url, "--room", await start("fallback")];
    const { code, out } = await run("peer", ...peer, "--path", "relay", "--only", "identity.md", "--json");
    expect(code).toBe(0);
    const events = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual([...events.slice(1).map(() => "check"), "summary"]);
    expect(events.at(-1)).toEqual({ event: "summary", passed: events.length - 1, failed: 0, advised: 0, skipped: 0 });
  });

  it("ends with 1 where there is nobody to test, and with 2 where it is called wrongly", async () => {
    const nobody = await run("peer", "--server", server.url, "--room", "empty", "--timeout", "1");
    expect([nobody.code, nobody.error]).toEqual([1, expect.stringContaining("start it first")]);
    const wrongly = await run("peer");
    expect([wrongly.code, wrongly.error]).toEqual([2, expect.stringContaining("--room")]);
  });
});
