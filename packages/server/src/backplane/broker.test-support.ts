import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type BrokerKind = "redis" | "nats";

/** How each is started on one port of the loopback, with all it writes in a folder; and where its own words begin. */
const programs = {
  redis: {
    program: "redis-server",
    args: (port: number, folder: string, password?: string) => [
      ...["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"],
      ...(password === undefined ? [] : ["--requirepass", password]),
    ],
  },
  nats: {
    program: "nats-server",
    args: (port: number, folder: string, password?: string) => [
      ...["--addr", "127.0.0.1", "--port", `${port}`, "--pid", join(folder, "nats.pid")],
      ...(password === undefined ? [] : ["--user", "skein", "--pass", password]),
    ],
  },
};

/** Whether the machine has it. Left out, it counts as failed where nothing may be. */
export function hasBroker(kind: BrokerKind): boolean {
  return spawnSync("sh", ["-c", `command -v ${programs[kind].program}`]).status === 0;
}

/** Redis or NATS in a process of its own, on a free port of the loopback. */
export class Broker {
  readonly kind: BrokerKind;
  readonly port: number;
  readonly #folder: string;
  readonly #password: string | undefined;
  #process: ChildProcess | undefined;

  private constructor(kind: BrokerKind, port: number, password: string | undefined) {
    this.kind = kind;
    this.port = port;
    this.#password = password;
    this.#folder = mkdtempSync(join(tmpdir(), `skein-${kind}-`));
  }

  static async start(kind: BrokerKind, password?: string): Promise<Broker> {
    const broker = new Broker(kind, await freePort(), password);
    await broker.start();
    return broker;
  }

  get url(): string {
    return `${this.kind}://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts it again, on the same port. Resolves when it takes connections. */
  async start(): Promise<void> {
    const { program, args } = programs[this.kind];
    const running = spawn(program, args(this.port, this.#folder, this.#password), { stdio: "ignore" });
    this.#process = running;
    // Whoever ends before it was closed takes it along.
    const end = (): void => void running.kill("SIGKILL");
    process.once("exit", end);
    running.once("exit", () => process.off("exit", end));
    while (!(await answers(this.port))) {
      if (running.exitCode !== null) throw new Error(`${program} ended with code ${running.exitCode}`);
    }
  }

  /** Kills it: it says goodbye to nobody. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || running.exitCode !== null) return;
    running.kill("SIGKILL");
    await once(running, "exit");
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => setTimeout(() => resolve(false), 10));
  });
}
