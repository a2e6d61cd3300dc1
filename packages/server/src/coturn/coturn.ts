import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { type IceServer, SkeinError } from "@skein/protocol";
import type { TurnServer } from "../turn/options.js";
import { type CoturnSettings, checkPeerRange, coturnConfig, deniesItself, type PortRange } from "./config.js";
import { notFound, release, spawnLeashed } from "./leashed.js";
import { isPortFree, stunAnswers } from "./stun-probe.js";

/** Where coturn listens, what it may relay, and for whom. */
export interface CoturnOptions {
  /** What clients are told, and others send to: an IP address of this machine, or one that is mapped to it. */
  readonly address: string;
  /** The address to listen on. Default: all of this machine's. */
  readonly listen?: string | undefined;
  /** UDP and TCP. Default 3478. */
  readonly port?: number | undefined;
  /** Where what is relayed comes out. Default 49152 to 65535. */
  readonly relayPorts?: PortRange | undefined;
  /** What credentials are made with: 16 characters or more, none of them a space. Default: random, so that those of an earlier run are void. */
  readonly secret?: string | undefined;
  /**
   * Private addresses that clients may have it send to: `192.168.1.5`, `192.168.1.0-192.168.1.255`. Default: none, and neither loopback,
   * link-local nor multicast ones.
   */
  readonly allowPeers?: readonly string[] | undefined;
  /** How many addresses one client may hold at the same time. Default 512: each connection takes some. */
  readonly allocationsPerClient?: number | undefined;
  /** Default `turnserver`, from the PATH. */
  readonly command?: string | undefined;
  /** Is told, in one sentence, when it ended by itself, and when it is back. */
  readonly told?: ((sentence: string) => void) | undefined;
}

/** STUN and TURN that run beside this process, and no longer than it. */
export interface Coturn {
  /** For `createServer`: `turn: { servers: [coturn.turn] }`. */
  readonly turn: TurnServer;
  /** For `iceServers`. */
  readonly stun: IceServer;
  /** Something about it that an operator should know, in a sentence. */
  readonly warning: string | undefined;
  /** Ends coturn, and waits for its end. */
  close(): Promise<void>;
}

const startMostMs = 10_000;
const restartFirstMs = 1_000;
const restartMostMs = 30_000;
/** One that ran for so long was a good one: it starts again soon. */
const steadyMs = 60_000;

/**
 * Runs coturn as a child process, and starts it again where it ends by itself.
 *
 * @throws {SkeinError} `bad-argument` for an option that can't be used; so it is where coturn isn't installed, or its port in use.
 * @example
 * const coturn = await startCoturn({ address: "203.0.113.5" });
 * const server = await createServer({ iceServers: [coturn.stun], turn: { servers: [coturn.turn] } });
 */
export async function startCoturn(options: CoturnOptions): Promise<Coturn> {
  const settings = settle(options);
  const coturn = new RunningCoturn(settings, options.command ?? "turnserver", options.told ?? (() => {}));
  await coturn.start();
  return coturn;
}

function settle(options: CoturnOptions): CoturnSettings {
  const { address, listen, port = 3478, allowPeers = [], allocationsPerClient = 512 } = options;
  const { relayPorts = { first: 49_152, last: 65_535 }, secret = randomBytes(32).toString("base64url") } = options;
  if (!/^\S{16,}$/.test(secret)) {
    throw new SkeinError("bad-argument", "The TURN secret can't be used: it has 16 characters or more, and no space.");
  }
  const isOwn = Object.values(networkInterfaces()).some((list) => list?.some((one) => one.address === address));
  for (const range of allowPeers) checkPeerRange(range);
  return { secret, listen, port, address, isOwn, relayPorts, allowPeers, allocationsPerClient };
}

type State =
  | { readonly phase: "idle" }
  | { readonly phase: "running"; readonly child: ChildProcess; readonly ended: Promise<string> }
  | { readonly phase: "waiting"; readonly timer: NodeJS.Timeout }
  | { readonly phase: "closed" };

class RunningCoturn implements Coturn {
  readonly #settings: CoturnSettings;
  readonly #command: string;
  readonly #tell: (sentence: string) => void;
  #state: State = { phase: "idle" };
  #restarts = 0;
  #sinceMs = 0;

  constructor(settings: CoturnSettings, command: string, tell: (sentence: string) => void) {
    this.#settings = settings;
    this.#command = command;
    this.#tell = tell;
  }

  get turn(): TurnServer {
    const { secret } = this.#settings;
    return { urls: ["udp", "tcp"].map((way) => `turn:${this.#place}?transport=${way}`), secret };
  }

  get stun(): IceServer {
    return { urls: [`stun:${this.#place}`] };
  }

  get warning(): string | undefined {
    const { address } = this.#settings;
    if (!deniesItself(this.#settings)) return undefined;
    return (
      `TURN relays from ${address}, a private address, and to none: two peers that both need it don't reach each other. ` +
      `Where that is wanted, allow ${address} as a peer: --turn-allow-peer ${address}, or allowPeers in a program.`
    );
  }

  /** @throws {SkeinError} where it can't be started. */
  async start(): Promise<void> {
    const { listen = "0.0.0.0", port } = this.#settings;
    if (!(await isPortFree(listen, port))) {
      throw new SkeinError("bad-argument", `Port ${port} of ${listen} is in use: choose another one for TURN.`);
    }
    await this.#run();
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { phase: "closed" };
    if (state.phase === "waiting") clearTimeout(state.timer);
    if (state.phase !== "running") return;
    release(state.child);
    await state.ended;
  }

  get #place(): string {
    const { address, port } = this.#settings;
    return `${address.includes(":") ? `[${address}]` : address}:${port}`;
  }

  /** Resolves when it answers. */
  async #run(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "skein-turn-"));
    const file = join(folder, "turnserver.conf");
    writeFileSync(file, coturnConfig(this.#settings, folder), { mode: 0o600 });
    const child = spawnLeashed(folder, this.#command, ["-c", file]);
    const complaint = listenTo(child, this.#settings.secret);
    const ended = whenEnded(child).then((how) => {
      rmSync(folder, { recursive: true, force: true });
      return how === notFound ? missing(this.#command) : `coturn ended (${how})${complaint()}.`;
    });
    this.#state = { phase: "running", child, ended };
    await this.#answers(child, ended);
    this.#sinceMs = performance.now();
    // It has read it by now.
    rmSync(file, { force: true });
    void ended.then((sentence) => this.#handleEnd(sentence));
  }

  async #answers(child: ChildProcess, ended: Promise<string>): Promise<void> {
    const { listen, address, isOwn, port } = this.#settings;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), startMostMs);
    const host = listen ?? (isOwn ? address : "127.0.0.1");
    const answer = stunAnswers(host, port, stop.signal).then(
      () => undefined,
      () => `coturn doesn't answer at ${host}:${port} within ${startMostMs / 1_000} s.`,
    );
    const problem = await Promise.race([answer, ended]);
    clearTimeout(timer);
    stop.abort();
    if (problem === undefined) return;
    release(child);
    throw new SkeinError("bad-argument", problem);
  }

  #handleEnd(sentence: string): void {
    if (this.#state.phase === "closed") return;
    if (performance.now() - this.#sinceMs > steadyMs) this.#restarts = 0;
    const delayMs = Math.min(restartMostMs, restartFirstMs * 2 ** this.#restarts++);
    this.#tell(`${sentence} TURN is away, and starts again in ${delayMs / 1_000} s.`);
    const timer = setTimeout(() => void this.#startAgain(), delayMs);
    this.#state = { phase: "waiting", timer };
  }

  async #startAgain(): Promise<void> {
    try {
      await this.#run();
      this.#tell("TURN is back.");
    } catch (error) {
      this.#handleEnd(SkeinError.from(error, "bad-argument").message);
    }
  }
}

/** The exit code, or the signal's name. Not whether its output was read. */
function whenEnded(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(notFound));
    child.once("exit", (code, signal) => {
      release(child);
      resolve(signal ?? code ?? notFound);
    });
  });
}

/** Reads along; gives the last thing that it complained of. */
function listenTo(child: ChildProcess, secret: string): () => string {
  let last = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      const wrong = text.split("\n").findLast((line) => /error|cannot|fail/i.test(line));
      if (wrong !== undefined) last = wrong.replaceAll(secret, "…").trim().slice(0, 200);
    });
  }
  return () => (last === "" ? "" : `: ${last}`);
}

function missing(command: string): string {
  return (
    `TURN needs coturn, whose program "${command}" isn't here: install it (Debian: apt-get install coturn; macOS: brew install coturn), or ` +
    "name TURN servers that run elsewhere."
  );
}
