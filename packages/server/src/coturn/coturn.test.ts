import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { turnCredential } from "../turn/credential.js";
import { checkPeerRange, coturnConfig, deniedPeers, deniesItself } from "./config.js";
import { type Coturn, type CoturnOptions, startCoturn } from "./coturn.js";
import { isPortFree } from "./stun-probe.js";
import { TurnClient } from "./turn-client.test-support.js";

// Left out, it counts as failed where nothing may be.
const isThere = spawnSync("sh", ["-c", "command -v turnserver"]).status === 0;
const secret = "north-wind-and-the-sun";
const address = "127.0.0.1";
const running: Coturn[] = [];
const clients: TurnClient[] = [];

/** For UDP and TCP, below those that others are given by chance. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isPortFree(address, port)) return port;
  }
}

async function start(options: Partial<CoturnOptions> = {}) {
  const port = options.port ?? (await freePort());
  const coturn = await startCoturn({ address, listen: address, secret, ...options, port });
  running.push(coturn);
  const client = (username: string, credential: string) => {
    const one = new TurnClient({ host: address, port }, username, credential);
    clients.push(one);
    return one;
  };
  const clientFor = (leftSeconds: number, id = "ada") => {
    const { username, credential } = turnCredential(secret, id, Math.floor(Date.now() / 1_000) + leftSeconds);
    return client(username, credential);
  };
  return { coturn, port, client, clientFor };
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(running.splice(0).map((coturn) => coturn.close()));
});

/** The process that holds this UDP port. */
function pidAt(port: number): number {
  const [, pid] = /pid=(\d+)/.exec(execFileSync("ss", ["-Hulnp", `sport = :${port}`], { encoding: "utf8" })) ?? [];
  return Number(pid);
}

describe.skipIf(!isThere)("coturn beside us", () => {
  it("takes a credential that holds, and gives an address to relay from", async () => {
    const { coturn, port, clientFor } = await start();
    expect(coturn.turn.urls).toEqual([`turn:127.0.0.1:${port}?transport=udp`, `turn:127.0.0.1:${port}?transport=tcp`]);
    expect(coturn.stun).toEqual({ urls: [`stun:127.0.0.1:${port}`] });
    const ada = clientFor(60);
    expect(await ada.allocate()).toBeUndefined();
    expect(ada.relayed).toMatchObject({ host: address });
  });

  it("refuses one that has expired, one of another secret, and one whose time was changed", async () => {
    const { client, clientFor } = await start();
    expect(await clientFor(-1).allocate()).toBe(401);
    const inAnHour = Math.floor(Date.now() / 1_000) + 3_600;
    const { username, credential } = turnCredential("another secret of others", "ada", inAnHour);
    expect(await client(username, credential).allocate()).toBe(401);
    const { credential: old } = turnCredential(secret, "ada", inAnHour - 7_200);
    expect(await client(`${inAnHour}:ada`, old).allocate()).toBe(401);
    expect(await client("ada", "guess").allocate()).toBe(401);
  });

  it("keeps what was allocated while its credential held, and gives nothing new for it afterwards", async () => {
    const { client } = await start();
    const expires = Math.floor(Date.now() / 1_000) + 2;
    const { username, credential } = turnCredential(secret, "ada", expires);
    const ada = client(username, credential);
    expect(await ada.allocate()).toBeUndefined();
    await expect.poll(() => client(username, credential).allocate(), { timeout: 10_000, interval: 300 }).toBe(401);
    expect(await ada.refresh()).toBeUndefined();
  });

  it("gives one client no more than its share, by whichever of its credentials, and another client its own", async () => {
    const { clientFor } = await start({ allocationsPerClient: 3 });
    for (const leftSeconds of [60, 61, 62]) expect(await clientFor(leftSeconds).allocate()).toBeUndefined();
    expect(await clientFor(60).allocate()).toBe(486);
    expect(await clientFor(63).allocate()).toBe(486);
    expect(await clientFor(60, "eve").allocate()).toBeUndefined();
  });

  it("sends to no private address, none of this machine's, and none of a link", async () => {
    const { clientFor } = await start();
    const ada = clientFor(60);
    expect(await ada.allocate()).toBeUndefined();
    for (const host of ["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "169.254.169.254"]) {
      expect([host, await ada.permit({ host, port: 80 })]).toEqual([host, 403]);
    }
    for (const host of ["100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1"]) {
      expect([host, await ada.permit({ host, port: 80 })]).toEqual([host, 403]);
    }
    for (const host of ["192.0.2.1", "172.32.0.1", "11.0.0.1"]) {
      expect([host, await ada.permit({ host, port: 80 })]).toEqual([host, undefined]);
    }
  });

  it("sends to what is allowed, and to no more of what is private", async () => {
    const { clientFor } = await start({ allowPeers: ["192.168.1.5", "10.0.0.0-10.0.0.255", "127.0.0.1"] });
    const ada = clientFor(60);
    expect(await ada.allocate()).toBeUndefined();
    for (const host of ["192.168.1.5", "10.0.0.7", "127.0.0.1"]) {
      expect([host, await ada.permit({ host, port: 80 })]).toEqual([host, undefined]);
    }
    for (const host of ["192.168.1.6", "10.0.1.0", "127.0.0.2"]) {
      expect([host, await ada.permit({ host, port: 80 })]).toEqual([host, 403]);
    }
  });

  it("has its secret in no command line and, once it runs, in no file", async () => {
    const { port } = await start();
    const pid = pidAt(port);
    const [, , file = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    expect(file).toMatch(/turnserver\.conf$/);
    expect(existsSync(dirname(file))).toBe(true);
    expect(existsSync(file)).toBe(false);
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain(secret);
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain(secret);
  });

  it("is told of in a sentence when it dies, and is back", async () => {
    const told: string[] = [];
    const { port, clientFor } = await start({ told: (sentence) => told.push(sentence) });
    process.kill(pidAt(port), "SIGKILL");
    await expect.poll(() => told.length, { timeout: 15_000 }).toBe(2);
    expect(told[0]).toMatch(/^coturn ended \(137\).*TURN is away, and starts again in 1 s\.$/);
    expect(told[1]).toBe("TURN is back.");
    expect(await clientFor(60).allocate()).toBeUndefined();
  });

  it("hears no Ctrl-C that is meant for us: it is in no group of this terminal's processes", async () => {
    const { port } = await start();
    const groupOf = (pid: number) =>
      execFileSync("ps", ["-o", "pgid=", "-p", String(pid)], { encoding: "utf8" }).trim();
    expect(groupOf(pidAt(port))).not.toBe(groupOf(process.pid));
  });

  it("is gone when it is closed, and leaves its port free", async () => {
    const { coturn, port } = await start();
    const pid = pidAt(port);
    await coturn.close();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    await start({ port });
  });

  it("isn't started at a port in use, which is said", async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toMatchObject({
      code: "bad-argument",
      message: `Port ${port} of 127.0.0.1 is in use: choose another one for TURN.`,
    });
  });
});

it("coturn that isn't installed is said to be so, and how to install it", async () => {
  await expect(start({ command: "no-such-turnserver" })).rejects.toMatchObject({
    code: "bad-argument",
    message: expect.stringMatching(/"no-such-turnserver" isn't here: install it \(Debian: apt-get install coturn;/),
  });
});

it("coturn that ends as it starts is told of, with what it said", async () => {
  await expect(start({ command: "false" })).rejects.toMatchObject({ message: "coturn ended (1)." });
});

describe("coturn's configuration", () => {
  const settings = {
    secret,
    listen: undefined,
    port: 3478,
    address: "203.0.113.5",
    isOwn: true,
    relayPorts: { first: 50_000, last: 50_100 },
    allowPeers: [],
    allocationsPerClient: 7,
  };

  it("denies every private range, TCP to others, and what would make answers larger than questions", () => {
    const lines = coturnConfig(settings, "/tmp/x").split("\n");
    for (const range of deniedPeers) expect(lines).toContain(`denied-peer-ip=${range}`);
    for (const line of ["no-tcp-relay", "no-multicast-peers", "no-rfc5780", "no-cli", "user-quota=7"]) {
      expect(lines).toContain(line);
    }
    expect(lines).toContain("relay-ip=203.0.113.5");
    expect(lines).not.toContain("allow-loopback-peers");
    const mapped = coturnConfig({ ...settings, isOwn: false }, "/tmp/x").split("\n");
    expect(mapped).toContain("external-ip=203.0.113.5");
  });

  it.each<[string, readonly string[], boolean]>([
    ["203.0.113.5", [], false],
    ["192.168.1.5", [], true],
    ["192.168.1.5", ["192.168.1.0-192.168.1.255"], false],
    ["192.168.1.5", ["192.168.1.6"], true],
    ["127.0.0.1", ["127.0.0.1"], false],
    ["fd00::1", [], true],
    ["fd00::1", ["fd00::-fd00::ffff"], false],
    ["2001:db8::1", [], false],
    ["::1", [], true],
  ])(
    "knows whether two peers behind %s that both need it reach each other (allowed: %j)",
    (own, allowPeers, denies) => {
      expect(deniesItself({ address: own, allowPeers })).toBe(denies);
    },
  );

  it("takes addresses and ranges, and nothing that would be another line", () => {
    for (const text of ["192.168.1.5", "10.0.0.0-10.0.0.255", "fd00::1", "fd00::-fd00::ffff"]) {
      expect(checkPeerRange(text)).toBe(text);
    }
    for (const text of [
      "",
      "-",
      "10.0.0.0/8",
      "10.0.0.0-fd00::1",
      "a-b",
      "10.0.0.1-10.0.0.2-10.0.0.3",
      "10.0.0.1\nx",
    ].concat([
      // To coturn these would be everything.
      "0.0.0.0",
      "::",
      "::-::ffff",
      "0.0.0.0-10.0.0.0",
      "10.0.0.2-10.0.0.1",
    ])) {
      expect(() => checkPeerRange(text)).toThrow(expect.objectContaining({ code: "bad-argument" }));
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(checkPeerRange(text)).toMatch(/^[\d.:a-fA-F-]+$/);
        } catch {
          // Refused.
        }
      }),
    );
  });
});
