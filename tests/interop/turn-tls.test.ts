import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { HostProcess } from "./support/processes.ts";

// The coturn of the guide to TURN, in a network that lets no UDP out: what reaches it comes by TCP on port 443, as it is or in
// TLS. node-datachannel speaks to TURN servers by UDP alone, so these are browsers.

const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));
const deployed = readFileSync(new URL("../../deploy/turnserver.conf", import.meta.url), "utf8");
const name = "turn.example.org";
const network = `skein-tls-${process.pid}`;
const inside = ["ip", "netns", "exec", network];
const address = "203.0.113.1";
const relayPorts = "50000-50999";
/** coturn's own way from one relayed address to another is open; no client's to it is, but by TCP. */
const rules = `table inet skein { chain out { type filter hook output priority 0;
  udp sport ${relayPorts} udp dport ${relayPorts} accept; meta l4proto udp drop; tcp dport 3478 drop; }; }`;

const canRun = process.getuid?.() === 0 && spawnSync("sh", ["-c", "command -v turnserver"]).status === 0;
const folder = mkdtempSync(join(tmpdir(), "skein-tls-"));
const etc = `/etc/netns/${network}`;
const secret = "what coturn and the server share";
const children: ChildProcess[] = [];
let hosts: HostProcess[] = [];

function run(...[file, ...args]: string[]): string {
  return execFileSync(file as string, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

beforeAll(async () => {
  if (!canRun) return;
  run("ip", "netns", "add", network);
  // What the network's programs find in place of /etc/hosts.
  mkdirSync(etc, { recursive: true });
  writeFileSync(join(etc, "hosts"), `127.0.0.1 localhost\n${address} ${name}\n`);
  run(...inside, "ip", "link", "set", "lo", "up");
  run(...inside, "ip", "link", "add", "lab", "type", "veth", "peer", "name", "nobody");
  run(...inside, "ip", "link", "set", "nobody", "up");
  run(...inside, "ip", "addr", "add", `${address}/24`, "dev", "lab");
  run(...inside, "ip", "link", "set", "lab", "up");
  run(...inside, "ip", "route", "add", "default", "dev", "lab");
  run(...inside, "sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=32768 49999");
  run(...inside, "nft", rules);
  const key = certify();
  hosts = [1, 2].map(() => new HostProcess(inside, [`--ignore-certificate-errors-spki-list=${key}`]));
  await startCoturn();
});
afterEach(() => Promise.all(hosts.map((host) => host.endAgents())));
afterAll(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  await Promise.all(children.map(end));
  if (canRun) run("ip", "netns", "del", network);
  for (const path of [folder, etc]) rmSync(path, { recursive: true, force: true });
});

/** A certificate for the name. Gives the hash of its key, which is how Chromium is told to trust it. */
function certify(): string {
  const paths = ["-keyout", join(folder, "privkey.pem"), "-out", join(folder, "fullchain.pem")];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  run("openssl", "req", "-x509", "-nodes", "-days", "2", ...curve, ...paths, ...subject);
  const hashed = `openssl x509 -in ${folder}/fullchain.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`;
  return run("sh", "-c", hashed).trim();
}

/** What is deployed, with this machine's secret and certificate in it, and TLS as the guide turns it on. */
async function startCoturn(): Promise<void> {
  const withTls = deployed.replace(/^no-d?tls\n/gm, "").replace(/^# (tls-listening-port|cert|pkey)=/gm, "$1=");
  expect(withTls).toMatch(/^tls-listening-port=443$/m);
  const [first, last] = relayPorts.split("-");
  const filled = withTls.replace("=THE-SECRET", `=${secret}`).replaceAll("/etc/coturn", folder);
  const here = [`min-port=${first}`, `max-port=${last}`, `listening-ip=${address}`, `relay-ip=${address}`];
  const ours = ["log-file=stdout", `pidfile=${folder}/pid`, `userdb=${folder}/db`];
  const path = join(folder, "turnserver.conf");
  writeFileSync(path, [filled, ...here, ...ours, ""].join("\n"));
  const coturn = start("turnserver", "-c", path);
  coturn.stdout?.resume();
  const isUp = () => expect(run(...inside, "ss", "-Htln", "sport = :443")).not.toBe("");
  await vi.waitFor(isUp, { timeout: 20_000 });
}

/** A server that tells its clients of one address of coturn's. */
async function serve(url: string): Promise<string> {
  writeFileSync(join(folder, "secret"), secret, { mode: 0o600 });
  const servers = [{ urls: [url], secretFile: join(folder, "secret") }];
  writeFileSync(join(folder, "turn.json"), JSON.stringify(servers));
  const where = ["--host", address, "--port", "0", "--open", "--json"];
  const child = start(process.execPath, skein, "serve", ...where, "--turn-file", join(folder, "turn.json"));
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), "line");
  return (JSON.parse(String(line)) as { url: string }).url;
}

function start(...command: string[]): ChildProcess {
  const [first, ...args] = [...inside, ...command] as [string, ...string[]];
  const child = spawn(first, args, { stdio: ["ignore", "pipe", "ignore"] });
  children.push(child);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "close");
  child.kill();
  await ended;
}

describe.skipIf(!canRun)("where no UDP gets out", () => {
  it.each([`turn:${name}:443?transport=tcp`, `turns:${name}:443?transport=tcp`])(
    "browsers are linked through %s",
    async (url) => {
      const server = await serve(url);
      const [a, b] = hosts.map((host, index) => host.agent(index, "chromium")) as [
        ReturnType<HostProcess["agent"]>,
        ReturnType<HostProcess["agent"]>,
      ];
      const join = { server, room: "turned", turnOnly: true };
      const idA = await a.join({ ...join, name: "a" });
      const idB = await b.join({ ...join, name: "b" });
      await Promise.all([a.connected(1, 60_000), b.connected(1, 60_000)]);
      await Promise.all([a.flood(idB, 3_000), b.flood(idA, 3_000)]);
      expect(await Promise.all([a.counted(3_000), b.counted(3_000)])).toEqual([[], []]);
      for (const agent of [a, b]) {
        const [peer] = (await agent.linkedStats()).perPeer;
        expect([peer?.candidates?.local, peer?.candidates?.remote]).toContain("relay");
      }
    },
  );
});
