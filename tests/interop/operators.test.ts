import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Broker, hasBroker } from "../../packages/server/src/backplane/broker.test-support.ts";

// What operators type, against a server and peers that are processes as theirs are.

const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let folder: string;
let server: Program;
let url: string;
let environment: Record<string, string>;

/** A command that goes on, whose output is lines of JSON. */
class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #events: Record<string, unknown>[] = [];
  #look = (): void => {};
  /** All that it wrote, to whomever. */
  said = "";

  constructor(...args: readonly string[]) {
    this.#child = spawn(process.execPath, [skein, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      output?.on("data", (chunk) => {
        this.said += chunk;
      });
    }
    this.#lines = createInterface({ input: this.#child.stdout as NonNullable<ChildProcess["stdout"]> });
    this.#lines.on("line", (line) => {
      this.#events.push(JSON.parse(line));
      this.#look();
    });
  }

  /** The first event of this kind, once it has come. */
  event(kind: string): Promise<Record<string, unknown>> {
    return new Promise((resolve) => {
      this.#look = () => {
        const found = this.#events.find(({ event }) => event === kind);
        if (found !== undefined) resolve(found);
      };
      this.#look();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
  }
}

async function run(args: readonly string[], nodeArgs: readonly string[] = []): Promise<Outcome> {
  const running = promisify(execFile)(process.execPath, [...nodeArgs, skein, ...args], {
    env: { ...process.env, ...environment },
  });
  return running.then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }),
  );
}

const file = (name: string) => join(folder, name);
const oneSentence = /^skein: ["A-Z][^\n]*[.?]\n$/;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-operators-"));
  environment = { SKEIN_ADMIN_TOKEN: file("admin.token"), NO_COLOR: "1" };
  await writeFile(file("admin.token"), (await run(["secret"])).out);
  await run(["token", "--new-keys", file("tokens.key")]);
  await writeFile(
    file("skein.json"),
    JSON.stringify({
      port: 0,
      "auth-key": file("tokens.key.pub"),
      "max-identity-rooms": 1,
      json: true,
      "admin-port": 0,
      "admin-token": file("admin.token"),
    }),
  );
  const port = await freePort();
  environment.SKEIN_ADMIN = `http://127.0.0.1:${port}`;
  server = new Program("serve", "--config", file("skein.json"), "--admin-port", String(port));
  url = String((await server.event("listening")).url);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Joins as whoever has the token; the peer's id comes with `joined`. */
async function enter(room: string, token: string, ...more: readonly string[]): Promise<Program> {
  await writeFile(file(`${room}.token`), token);
  return new Program("join", room, "--json", "--server", url, "--token-file", file(`${room}.token`), ...more);
}

async function tokenFor(...args: readonly string[]): Promise<string> {
  const made = await run(["token", "--key", file("tokens.key"), ...args]);
  expect(made).toMatchObject({ code: 0, err: "" });
  return made.out;
}

describe("skein token", () => {
  it("makes a pair of keys, of which the private one is for its owner alone, and writes over none", async () => {
    expect((await stat(file("tokens.key"))).mode & 0o777).toBe(0o600);
    const before = await readFile(file("tokens.key"), "utf8");
    const again = await run(["token", "--new-keys", file("tokens.key")]);
    expect(again).toMatchObject({ code: 1, out: "", err: expect.stringMatching(oneSentence) });
    expect(await readFile(file("tokens.key"), "utf8")).toBe(before);
  });

  it("makes a token that says what it was told, and nothing more", async () => {
    const token = await tokenFor(
      "--room",
      "a-*",
      "--room",
      "b",
      "--right",
      "join",
      "--subject",
      "ada",
      "--expires",
      "10m",
    );
    const claims = JSON.parse(Buffer.from(String(token.split(".")[1]), "base64url").toString());
    expect(claims).toEqual({
      rooms: ["a-*", "b"],
      rights: ["join"],
      sub: "ada",
      iat: expect.any(Number),
      exp: claims.iat + 600,
    });
  });

  it("lets its bearer into its rooms, and into no other", async () => {
    const token = await tokenFor("--room", "in-*");
    await using inside = await enter("in-1", token);
    await inside.event("joined");
    await using outside = await enter("out", token);
    expect(await outside.event("error")).toMatchObject({ code: "not-authorised" });
  });

  it("holds whoever is one subject to one set of limits, as the server's file says", async () => {
    const token = await tokenFor("--room", "*", "--subject", "grace");
    await using first = await enter("first", token);
    await first.event("joined");
    await using second = await enter("second", token);
    expect(await second.event("error")).toMatchObject({ code: "room-full" });
  });

  it.each<[string, readonly string[], number]>([
    ["no key", ["--room", "lab"], 1],
    ["a key that isn't there", ["--key", "/nonexistent", "--room", "lab"], 1],
    ["a time that is none", ["--key", "x", "--room", "lab", "--expires", "soon"], 2],
    ["a right that there isn't", ["--key", "x", "--room", "lab", "--right", "rule"], 2],
    ["a peer that is none", ["--key", "x", "--room", "lab", "--peer", "ada"], 2],
  ])("says in a sentence that it can't use %s", async (_, args, code) => {
    expect(await run(["token", ...args])).toMatchObject({ code, out: "", err: expect.stringMatching(/[.?]/) });
  });
});

describe("skein serve", () => {
  it.each<[string, readonly string[], RegExp]>([
    ["an operators' token that isn't there", ["--admin-token", "/nonexistent"], /admin-token.*can't be read/],
    ["an operators' token that is too short", ["--admin-token", "short"], /32 bytes/],
    ["an operators' port that is in use", ["--admin-port", "PORT", "--admin-token", "admin.token"], /in use/],
    ["a certificate that is none", ["--tls-cert", "short", "--tls-key", "short"], /"tls-cert" and "tls-key".*PEM/],
  ])("ends, with a sentence, over %s", async (_, args, sentence) => {
    await writeFile(file("short"), "short");
    const port = String(new URL(url).port);
    const told = args.map((arg) => (arg === "PORT" ? port : /^[a-z]/.test(arg) ? file(arg) : arg));
    const outcome = await run(["serve", "--port", "0", "--admin-port", "0", ...told]);
    expect(outcome).toMatchObject({ code: 1, out: "", err: expect.stringMatching(oneSentence) });
    expect(outcome.err).toMatch(sentence);
  });
});

describe("skein admin", () => {
  it("lists rooms and who is in them, tells figures, and sends a peer away", async () => {
    const token = await tokenFor("--room", "lab");
    await using peer = await enter("lab", token);
    const { peer: id } = await peer.event("joined");
    expect(await run(["admin", "rooms"])).toEqual({ code: 0, out: "lab  1 peer\n", err: "" });
    expect(await run(["admin", "peers", "lab"])).toEqual({ code: 0, out: `${id}\n`, err: "" });
    expect(JSON.parse((await run(["admin", "peers", "lab", "--json"])).out)).toEqual({
      peers: [{ id, away: false, elsewhere: false }],
    });
    expect(JSON.parse((await run(["admin", "stats", "--json"])).out)).toMatchObject({ connections: 1, peers: 1 });
    expect((await run(["admin", "stats"])).out).toMatch(/1 peer/);
    expect(await run(["admin", "kick", String(id)])).toEqual({
      code: 0,
      out: "1 place given up on this server.\n",
      err: "",
    });
    expect(await peer.event("error")).toMatchObject({ code: "not-authorised" });
    expect((await run(["admin", "rooms"])).out).toBe("There are no rooms.\n");
  });

  it("keeps a peer out for as long as it is told, and the peer waits", async () => {
    await using peer = await enter("lab", await tokenFor("--room", "lab"));
    const { peer: id } = await peer.event("joined");
    const kicked = await run(["admin", "kick", String(id), "--room", "lab", "--for", "10m"]);
    expect(kicked).toEqual({ code: 0, out: "1 place given up on this server.\n", err: "" });
    expect(await peer.event("server-disconnected")).toMatchObject({ reason: expect.stringContaining("operator") });
    expect((await run(["admin", "rooms"])).out).toBe("There are no rooms.\n");
  });

  it("finds nobody where there is nobody", async () => {
    expect(await run(["admin", "peers", "nowhere"])).toEqual({ code: 0, out: "There is nobody.\n", err: "" });
    const nobody = await run(["admin", "kick", "A".repeat(43)]);
    expect(nobody).toMatchObject({ code: 0, out: "0 places given up on this server.\n" });
  });

  it.each<[string, readonly string[], Record<string, string>, RegExp]>([
    ["a wrong token", ["rooms"], { SKEIN_ADMIN_TOKEN: "other.token" }, /operators/],
    ["no token", ["rooms"], { SKEIN_ADMIN_TOKEN: "/nonexistent" }, /can't be read/],
    ["a server that isn't there", ["stats"], { SKEIN_ADMIN: "http://127.0.0.1:9" }, /No server listens/],
    ["an address that is none", ["stats"], { SKEIN_ADMIN: "7701" }, /is no address/],
    ["a peer that is none", ["kick", "ada"], {}, /no peer's id/],
  ])("says in a sentence what is wrong with %s", async (_, args, told, sentence) => {
    await writeFile(file("other.token"), "x".repeat(43));
    const before = environment;
    const named = Object.entries(told).map(([name, value]) => [name, value === "other.token" ? file(value) : value]);
    environment = { ...before, ...Object.fromEntries(named) };
    const outcome = await run(["admin", ...args]);
    environment = before;
    expect(outcome).toMatchObject({ code: 1, out: "", err: expect.stringMatching(oneSentence) });
    expect(outcome.err).toMatch(sentence);
  });

  it("is usage where it is used wrongly", async () => {
    expect(await run(["admin", "peers"])).toMatchObject({ code: 2, out: "" });
    expect(await run(["admin", "kick", "x", "--for", "ever"])).toMatchObject({ code: 2, out: "" });
  });
});

it("a Node that is too old says so in a sentence, whatever was asked", async () => {
  await writeFile(file("old.mjs"), 'Object.defineProperty(process.versions, "node", { value: "20.20.2" });\n');
  const outcome = await run(["serve"], ["--import", file("old.mjs")]);
  expect(outcome).toMatchObject({ code: 2, out: "", err: expect.stringMatching(oneSentence) });
  expect(outcome.err).toContain("needs Node 22 or newer");
});

function freePort(): Promise<number> {
  return import("node:net").then(
    ({ createServer }) =>
      new Promise((resolve) => {
        const probe = createServer().listen(0, "127.0.0.1", () => {
          const address = probe.address();
          probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
        });
      }),
  );
}

describe.skipIf(!hasBroker("redis"))("skein serve --backplane", () => {
  it("joins servers: peers of one see those of the other, operators too, and the password is told to nobody", async () => {
    const broker = await Broker.start("redis", "north-wind");
    const backplane = `redis://:north-wind@127.0.0.1:${broker.port}`;
    await writeFile(file("node.json"), JSON.stringify({ backplane, port: 0, json: true, log: "debug" }));
    const adminPort = String(await freePort());
    const operators = ["--admin-port", adminPort, "--admin-token", file("admin.token")];
    await using one = new Program("serve", "--config", file("node.json"), ...operators);
    await using two = new Program("serve", "--config", file("node.json"));
    const urls = await Promise.all([one, two].map(async (node) => String((await node.event("listening")).url)));
    await using ada = new Program("join", "lab", "--json", "--server", urls[0] ?? "");
    await ada.event("joined");
    await using bob = new Program("join", "lab", "--json", "--server", urls[1] ?? "");
    await Promise.all([ada, bob].map((peer) => peer.event("peer-connected")));
    const { peer: id } = await bob.event("joined");
    const admin = (...args: readonly string[]) => run(["admin", ...args, "--admin", `http://127.0.0.1:${adminPort}`]);
    expect((await admin("rooms")).out).toBe("lab  2 peers, 1 with other nodes\n");
    expect((await admin("peers", "lab")).out).toContain(`${id}  with another node\n`);
    expect((await admin("stats")).out).toMatch(/redis with 1 other node/);
    expect((await admin("stats", "--json")).out).not.toContain("north-wind");
    await admin("kick", String(id));
    expect(await bob.event("error")).toMatchObject({ code: "not-authorised" });
    for (const node of [one, two]) expect(node.said).not.toContain("north-wind");
    await broker.close();
  });

  it("says in a sentence where there is none", async () => {
    const outcome = await run(["serve", "--port", "0", "--backplane", "redis://:north-wind@127.0.0.1:1"]);
    expect(outcome).toMatchObject({ code: 1, err: expect.stringMatching(oneSentence) });
    expect(outcome.err).not.toContain("north-wind");
  });
});
