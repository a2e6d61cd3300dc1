import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Namespace } from "../../natlab/lab/namespace.ts";
import { registry, serverName, standIns } from "./addresses.ts";
import { readingFiles, Shell } from "./shell.ts";

/** Nothing but what boots, and `ip`. */
const packages = "systemd-sysv,dbus,iproute2";
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** A Debian with nothing on it, that boots with systemd in a container of its own. */
export class BareDebian {
  readonly #root: string;
  readonly #container: ChildProcess;
  readonly #shell: Shell;

  private constructor(root: string, container: ChildProcess) {
    this.#root = root;
    this.#container = container;
    this.#shell = new Shell(inside(container, "bash", "-e", "-c", readingFiles));
  }

  /** @param authority a certificate that it is to trust, beside those that this machine was told to. */
  static async boot(suite: string, root: string, network: Namespace, authority: string): Promise<BareDebian> {
    cpSync(bootstrapped(suite), root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    prepare(root, authority);
    const where = [`--directory=${root}`, `--network-namespace-path=/run/netns/${network.name}`];
    const apart = [
      "--capability=CAP_NET_ADMIN",
      "--register=no",
      "--keep-unit",
      "--resolv-conf=off",
      "--link-journal=no",
      "--console=pipe",
    ];
    const container = spawn("systemd-nspawn", ["--quiet", "--boot", ...where, ...apart], { stdio: "ignore" });
    await booted(container);
    return new BareDebian(root, container);
  }

  /** Types something into root's one shell; gives what it wrote. A line that fails ends it all. */
  type(text: string, show: (line: string) => void): Promise<string> {
    const file = join("/root", ".typed");
    writeFileSync(join(this.#root, file), text);
    return this.#shell.read(file, show);
  }

  /** Looks at something, beside that shell. */
  look(command: string): Ended {
    return run(this.#container, command);
  }

  async remove(): Promise<void> {
    this.#shell.end();
    if (this.#container.exitCode === null) {
      const exited = once(this.#container, "exit");
      // Halts it.
      this.#container.kill("SIGTERM");
      await exited;
    }
    rmSync(this.#root, { recursive: true, force: true });
  }
}

async function booted(container: ChildProcess): Promise<void> {
  while (container.exitCode === null) {
    if (/running|degraded/.test(run(container, "systemctl is-system-running --wait").output)) return;
    // Not even what would be asked is there.
    await setTimeout(200);
  }
  throw new Error("The bare Debian doesn't boot.");
}

function run(container: ChildProcess, command: string): Ended {
  try {
    const [file, ...args] = inside(container, "sh", "-c", `{ ${command}; } 2>&1`);
    const stdio = ["ignore", "pipe", "ignore"] as const;
    return { code: 0, output: execFileSync(file as string, args, { encoding: "utf8", stdio: [...stdio] }) };
  } catch (error) {
    const { status, stdout } = error as { status?: number; stdout?: string };
    return { code: status ?? 1, output: stdout ?? "" };
  }
}

/** A folder to copy. */
function bootstrapped(suite: string): string {
  const folder = resolve(`.cache/deploy/${suite}`);
  if (existsSync(folder)) return folder;
  mkdirSync(resolve(".cache/deploy"), { recursive: true });
  const scratch = `${folder}.part`;
  rmSync(scratch, { recursive: true, force: true });
  const args = ["--variant=minbase", `--include=${packages}`, suite, scratch, "http://deb.debian.org/debian"];
  execFileSync("debootstrap", args, { stdio: "ignore" });
  renameSync(scratch, folder);
  return folder;
}

/** What isn't as at an operator's: names that lead to the stand-ins, whom they are trusted by, and answers to what certbot asks. */
function prepare(root: string, authority: string): void {
  const at = (file: string) => join(root, file);
  const names = "nodejs.org acme-v02.api.letsencrypt.org acme-staging-v02.api.letsencrypt.org";
  writeFileSync(at("etc/resolv.conf"), "nameserver 10.0.2.3\n");
  writeFileSync(at("etc/hostname"), "bare\n");
  writeFileSync(at("etc/hosts"), `127.0.0.1 localhost bare\n${standIns} ${names}\n`);
  const trusted = at("usr/local/share/ca-certificates");
  const machines = "/usr/local/share/ca-certificates";
  if (existsSync(machines)) cpSync(machines, trusted, { recursive: true });
  mkdirSync(trusted, { recursive: true });
  writeFileSync(join(trusted, "trial.crt"), readFileSync(authority));
  writeFileSync(at("root/.npmrc"), `@skein:registry=${registry}/\ncafile=/etc/ssl/certs/ca-certificates.crt\n`);
  mkdirSync(at("root/.config/letsencrypt"), { recursive: true });
  const answers = [
    `email = operator@${serverName}`,
    "agree-tos = true",
    "no-eff-email = true",
    // Whoever has no terminal would wait for up to eight minutes.
    "no-random-sleep-on-renew = true",
    "non-interactive = true",
  ];
  writeFileSync(at("root/.config/letsencrypt/cli.ini"), `${answers.join("\n")}\n`);
  appendFileSync(at("etc/environment"), "DEBIAN_FRONTEND=noninteractive\n");
}

/** What to run so that a command runs in there. */
function inside(container: ChildProcess, ...command: readonly string[]): string[] {
  const own = ["env", "-C", "/root", "-i", "HOME=/root", `PATH=${path}`, "TERM=dumb", "DEBIAN_FRONTEND=noninteractive"];
  return ["nsenter", "-t", String(leaderOf(container)), "-m", "-u", "-i", "-n", "-p", "-C", ...own, ...command];
}

function leaderOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}
