import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { IceServer } from "@skein/protocol";
import { turnAddress } from "./addresses.ts";
import { isLeftBehind, type Namespace, namePrefix } from "./namespace.ts";

const port = 3478;
const startMostMs = 10_000;
const secret = "the lab's own secret";

/** coturn in the lab's internet: STUN, and TURN over UDP and TCP, on TCP's 443 as well. Not over TLS: that takes a host name. */
export class TurnServer {
  readonly #process: ChildProcess;
  readonly #folder: string;
  #output = "";

  private constructor(internet: Namespace) {
    this.#folder = mkdtempSync(join(tmpdir(), `${namePrefix}-${process.pid}-`));
    const [command, ...args] = [...internet.inside, "turnserver", ...optionsIn(this.#folder)];
    this.#process = spawn(command as string, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-4_000);
      });
    }
  }

  static async start(internet: Namespace): Promise<TurnServer> {
    const server = new TurnServer(internet);
    await server.#listening();
    return server;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await exited;
    }
    this.forget();
  }

  /** Removes its files, where there is no time to wait for its end. */
  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** It doesn't say when: the kernel's list of its network's sockets does. */
  async #listening(): Promise<void> {
    const untilMs = performance.now() + startMostMs;
    while (!this.#hasSocket()) {
      if (this.#process.exitCode !== null || performance.now() > untilMs) {
        throw new Error(`coturn didn't start:\n${this.#output.trimEnd()}`);
      }
      await wait(20);
    }
  }

  #hasSocket(): boolean {
    const own = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
    const listening = (table: string) => readFileSync(`/proc/${this.#process.pid}/net/${table}`, "utf8").includes(own);
    return listening("udp") && listening("tcp");
  }
}

/** Removes the files of labs that were killed before they could. */
export function sweepFolders(): void {
  for (const name of readdirSync(tmpdir()).filter(isLeftBehind)) {
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function optionsIn(folder: string): string[] {
  return [
    "-n",
    `--listening-ip=${turnAddress}`,
    `--relay-ip=${turnAddress}`,
    `--listening-port=${port}`,
    `--aux-server=${turnAddress}:443`,
    "--use-auth-secret",
    `--static-auth-secret=${secret}`,
    "--realm=skein.test",
    "--no-tls",
    "--no-dtls",
    "--no-cli",
    "--log-file=stdout",
    `--pidfile=${join(folder, "pid")}`,
    `--userdb=${join(folder, "db")}`,
  ];
}

export const stun: IceServer = { urls: [`stun:${turnAddress}:${port}`] };

/** For a server that makes credentials for it. */
export const turnServer = {
  urls: [
    `turn:${turnAddress}:${port}?transport=udp`,
    `turn:${turnAddress}:${port}?transport=tcp`,
    `turn:${turnAddress}:443?transport=tcp`,
  ],
  secret,
};
