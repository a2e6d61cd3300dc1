import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Namespace } from "../../natlab/lab/namespace.ts";
import { type NetworkName, pebblePort, standIns } from "./addresses.ts";
import { packNode, publish } from "./archives.ts";
import { Authority } from "./authority.ts";
import { BareDebian } from "./bare-debian.ts";
import { Internet } from "./internet.ts";
import type { StandIns } from "./stand-ins.ts";
import { Visitor } from "./visitor.ts";

const managementPort = 15_000;
const acme = ["acme-v02.api.letsencrypt.org", "acme-staging-v02.api.letsencrypt.org"] as const;

export interface StageOptions {
  /** A folder to use. */
  readonly scratch: string;
  /** Of Debian. */
  readonly suite: string;
}

/** A bare Debian, what it needs of an internet, and visitors in networks of their own. */
export class Stage {
  readonly debian: BareDebian;
  readonly internet: Internet;
  /** The certificate of whoever signs the operator's. */
  readonly authority: string;
  readonly #programs: readonly ChildProcess[];
  readonly #visitors: Visitor[] = [];
  #closed: Promise<void> | undefined;

  private constructor(debian: BareDebian, internet: Internet, authority: string, programs: readonly ChildProcess[]) {
    this.debian = debian;
    this.internet = internet;
    this.authority = authority;
    this.#programs = programs;
  }

  static async open({ scratch, suite }: StageOptions): Promise<Stage> {
    const [packages, nodeFolder] = [await publish(), packNode()];
    const own = new Authority(scratch);
    const internet = new Internet();
    const programs: ChildProcess[] = [];
    try {
      const { certificate, key } = own.issue("nodejs.org", ...acme);
      programs.push(await startPebble(internet.router, { certificate, key }, scratch));
      const told = { packages, nodeFolder, certificate, key, authority: own.certificate };
      programs.push(await startStandIns(internet.router, told));
      const authority = join(scratch, "root.pem");
      writeFileSync(authority, await rootOfPebble(internet.router, own.certificate));
      const debian = await BareDebian.boot(suite, join(scratch, "debian"), internet.end("server"), own.certificate);
      return new Stage(debian, internet, authority, programs);
    } catch (error) {
      for (const program of programs) program.kill();
      internet.remove();
      throw error;
    }
  }

  visitor(network: NetworkName, browser: "chromium" | "firefox"): Visitor {
    const visitor = new Visitor(this.internet.end(network).inside, browser, this.authority);
    this.#visitors.push(visitor);
    return visitor;
  }

  /** However often it is asked for. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all(this.#visitors.map((visitor) => visitor.close()));
    await this.debian.remove();
    for (const program of this.#programs) program.kill();
    this.internet.remove();
  }
}

function startIn(network: Namespace, command: readonly string[], env = process.env): ChildProcess {
  const [file, ...args] = [...network.inside, ...command];
  return spawn(file as string, args, { stdio: ["ignore", "pipe", "inherit"], env });
}

async function said(program: ChildProcess, words: RegExp): Promise<void> {
  if (program.stdout === null) return;
  const lines = createInterface({ input: program.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => words.test(line) && resolve());
    program.once("exit", () => reject(new Error(`${program.spawnargs.join(" ")} ends before it is ready.`)));
  });
}

/** Let's Encrypt's own server for tests. */
async function startPebble(
  network: Namespace,
  { certificate, key }: { readonly certificate: string; readonly key: string },
  scratch: string,
): Promise<ChildProcess> {
  const config = {
    listenAddress: `${standIns}:${pebblePort}`,
    managementListenAddress: `${standIns}:${managementPort}`,
    certificate,
    privateKey: key,
    httpPort: 80,
    tlsPort: 443,
  };
  writeFileSync(join(scratch, "pebble.json"), JSON.stringify({ pebble: config }));
  const env = { ...process.env, PEBBLE_VA_NOSLEEP: "1" };
  const pebble = startIn(network, ["pebble", "-config", join(scratch, "pebble.json")], env);
  await said(pebble, /ACME directory available/);
  return pebble;
}

async function startStandIns(network: Namespace, told: StandIns): Promise<ChildProcess> {
  const script = new URL("./stand-ins.ts", import.meta.url).pathname;
  const program = startIn(network, [process.execPath, script, JSON.stringify(told)]);
  await said(program, /ready/);
  return program;
}

/** It makes a new one each time. */
async function rootOfPebble(network: Namespace, authority: string): Promise<string> {
  const address = `https://${acme[0]}:${managementPort}/roots/0`;
  const resolve = ["--resolve", `${acme[0]}:${managementPort}:${standIns}`, "--cacert", authority];
  const asking = startIn(network, ["curl", "-sS", ...resolve, address]);
  let text = "";
  asking.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  await once(asking, "close");
  return text;
}
