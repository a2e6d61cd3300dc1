import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Names say whose they are: two labs don't collide, and what a lab that was killed left behind can be told. */
export const namePrefix = "skein-lab";

/** A network namespace: a network stack of its own, that nothing reaches but what is plugged in. */
export class Namespace {
  readonly name: string;

  constructor(label: string) {
    this.name = `${namePrefix}-${process.pid}-${label}`;
    run(["ip", "netns", "add", this.name]);
    this.ip("link", "set", "lo", "up");
    // One family will do, and addresses that nobody asked for would be candidates.
    this.set("ipv6/conf/all/disable_ipv6", 1);
    this.set("ipv6/conf/default/disable_ipv6", 1);
  }

  /** What to put in front of a command so that it runs in here. */
  get inside(): readonly string[] {
    return ["ip", "netns", "exec", this.name];
  }

  ip(...args: readonly string[]): void {
    run(["ip", "-n", this.name, ...args]);
  }

  /** Sets a value of the kernel's, by its path below /proc/sys/net. */
  set(path: string, value: number): void {
    run([...this.inside, "sh", "-c", `echo ${value} > /proc/sys/net/${path}`]);
  }

  nft(rules: string): void {
    run([...this.inside, "nft", "-f", "-"], rules);
  }

  /** Ends what runs in here, whoever started it, and takes the network away. */
  remove(): void {
    removeNamespace(this.name);
  }
}

/** Removes what labs left behind that were killed before they could. */
export function sweepNamespaces(): void {
  const names = run(["ip", "netns", "list"])
    .split("\n")
    .map((line) => line.split(" ", 1)[0] as string);
  for (const name of names.filter(isLeftBehind)) removeNamespace(name);
}

/** Whether a name is of a lab whose process is no more. */
export function isLeftBehind(name: string): boolean {
  const owner = new RegExp(`^${namePrefix}-(\\d+)-`).exec(name)?.[1];
  return owner !== undefined && !existsSync(`/proc/${owner}`);
}

/** Where the kernel lets us make networks; says what is missing where it doesn't. */
export function namespaceObstacle(): string | undefined {
  if (process.platform !== "linux") return "The NAT lab needs Linux, for its network namespaces.";
  if (process.getuid?.() !== 0) return "The NAT lab needs root, to make networks: run it with sudo.";
  try {
    const probe = new Namespace("probe");
    try {
      probe.nft(
        "table ip probe { chain out { type nat hook postrouting priority 100; masquerade random,fully-random; }; }",
      );
    } finally {
      probe.remove();
    }
    return undefined;
  } catch (error) {
    return `The NAT lab can't make networks here, or no NAT in them: ${(error as Error).message.trim().split("\n").at(-1)}`;
  }
}

function removeNamespace(name: string): void {
  // Whoever runs in it was started by us, or by what we started: the name is ours.
  for (const pid of run(["ip", "netns", "pids", name]).split("\n").filter(Boolean)) kill(Number(pid));
  run(["ip", "netns", "del", name]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function run([file, ...args]: readonly string[], input = ""): string {
  return execFileSync(file as string, args, { input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
}
