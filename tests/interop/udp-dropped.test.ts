import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HostProcess } from "./support/processes.ts";

/** A network of its own, in which all UDP is dropped and nobody is told: what many firewalls do. */
const network = `skein-udp-${process.pid}`;
const inside = ["ip", "netns", "exec", network];
const rules = "table inet skein { chain out { type filter hook output priority 0; meta l4proto udp drop; }; }";

function run([file, ...args]: readonly string[]): void {
  execFileSync(file as string, args, { stdio: ["ignore", "ignore", "inherit"] });
}

// Only root may make networks. Left out, it counts as failed where nothing may be.
const isRoot = process.getuid?.() === 0;
const hosts: HostProcess[] = [];

beforeAll(() => {
  if (!isRoot) return;
  run(["ip", "netns", "add", network]);
  run([...inside, "ip", "link", "set", "lo", "up"]);
  run([...inside, "nft", rules]);
});
afterAll(async () => {
  await Promise.all(hosts.map((host) => host.kill()));
  if (isRoot) run(["ip", "netns", "del", network]);
});

function host(): HostProcess {
  const process = new HostProcess(inside);
  hosts.push(process);
  return process;
}

it.skipIf(!isRoot)("where no UDP gets through, peers are linked over the relay, and go on over it", async () => {
  const server = await host().serve({ port: 0 });
  const [a, b] = [host().agent(), host().agent()];
  const join = { server, room: "walled", relay: "fallback" } as const;
  await a.join({ ...join, name: "a" });
  const idB = await b.join({ ...join, name: "b" });
  const [[peer]] = await Promise.all([a.connected(1, 30_000), b.connected(1, 30_000)]);
  expect(peer?.path).toBe("relay");
  await Promise.all([a.flood(idB, 5_000), b.counted(5_000)]);
  expect(await b.counted(5_000)).toEqual([]);
  await expect(a.logged("path direct", 0, 1)).rejects.toThrow("waited");
  console.log(`      relayed after ${Math.round(peer?.openMs ?? 0)} ms`);
});
