import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// Each minor that was released, as it was then, against what is built now: peers meet, and use of each other what a release promises.

const run = promisify(execFile);
const here = import.meta.dirname;
const releases = existsSync(join(here, "releases")) ? readdirSync(join(here, "releases")) : [];

/** Programs of one version. */
interface Version {
  readonly name: string;
  readonly peer: string;
  readonly server: string;
}

const current: Version = { name: "current", peer: join(here, "peer.js"), server: join(here, "server.js") };
const released = releases.map((name): Version => {
  const folder = join(here, "releases", name);
  return { name, peer: join(folder, "peer.cjs"), server: join(folder, "server.cjs") };
});

const paths = [
  { path: "direct", policy: "never" },
  { path: "relay", policy: "only" },
] as const;

class Server {
  readonly #child: ChildProcess;
  readonly url: Promise<string>;

  constructor({ server }: Version) {
    this.#child = spawn(process.execPath, [server], { stdio: ["ignore", "pipe", "inherit"] });
    this.url = once(this.#child.stdout as NonNullable<ChildProcess["stdout"]>, "data").then(([url]) =>
      String(url).trim(),
    );
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
  }
}

const everything = { said: 50, inOrder: true, urgent: "héron", largeBytes: 300_000, doubled: 42, echoed: 600_000 };
let rooms = 0;

/** Both end by themselves, and say what they had of each other. */
async function meet(server: Server, pair: readonly [Version, Version], policy: string): Promise<unknown[]> {
  const url = await server.url;
  const room = `compat-${rooms++}`;
  const ended = pair.map(({ peer }, index) =>
    run(process.execPath, [peer, url, room, index === 0 ? "first" : "second", policy], { timeout: 60_000 }),
  );
  return (await Promise.all(ended)).map(({ stdout, stderr }) => (stderr === "" ? JSON.parse(stdout) : stderr));
}

it("every release from 0.1.0 on is held against", () => {
  expect(releases).toContain("0.1.0");
  const said = releases.map((name) => JSON.parse(readFileSync(join(here, "releases", name, "version.json"), "utf8")));
  expect(said).toEqual(releases.map((version) => ({ version })));
});

describe.each(released)("peers of $name", (old) => {
  const servers = { current: new Server(current), old: new Server(old) };
  beforeAll(() => Promise.all(Object.values(servers).map(({ url }) => url)));
  afterAll(() => Promise.all(Object.values(servers).map((server) => server.stop())));

  it.each(paths)("talk with today's over today's server, either way round ($path)", async ({ path, policy }) => {
    const pairs = [[old, current] as const, [current, old] as const];
    const said = await Promise.all(pairs.map((pair) => meet(servers.current, pair, policy)));
    expect(said.flat()).toEqual(Array(4).fill({ ...everything, path }));
  });

  it.each(paths)("talk with each other over today's server ($path)", async ({ path, policy }) => {
    expect(await meet(servers.current, [old, old], policy)).toEqual(Array(2).fill({ ...everything, path }));
  });

  it.each(paths)("talk with today's over the server of their time ($path)", async ({ path, policy }) => {
    expect(await meet(servers.old, [current, old], policy)).toEqual(Array(2).fill({ ...everything, path }));
  });

  it.each(paths)("have left a server over which today's talk ($path)", async ({ path, policy }) => {
    expect(await meet(servers.old, [current, current], policy)).toEqual(Array(2).fill({ ...everything, path }));
  });
});
