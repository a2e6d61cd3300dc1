// What the interoperability tests, the NAT lab and the benches drive, from Debian's archive: browsers, what makes networks
// and cuts them, a TURN server, what joins several servers, what a peer in Python is made of.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Failure, main, run, say } from "./workspace.mjs";

const browsers = [
  { name: "chromium", paths: ["/usr/bin/chromium"] },
  { name: "firefox-esr", paths: ["/usr/bin/firefox-esr"] },
];
const network = [
  { name: "iproute2", paths: ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"] },
  { name: "nftables", paths: ["/usr/sbin/nft"] },
];
const turn = [{ name: "coturn", paths: ["/usr/bin/turnserver"] }];
/** What carries words between nodes of a server. */
const backplanes = [
  { name: "redis-server", paths: ["/usr/bin/redis-server"] },
  { name: "nats-server", paths: ["/usr/sbin/nats-server", "/usr/bin/nats-server"] },
];
/** What stands in front of a server. */
const proxies = [
  { name: "nginx-light", paths: ["/usr/sbin/nginx"] },
  { name: "caddy", paths: ["/usr/bin/caddy"] },
  { name: "openssl", paths: ["/usr/bin/openssl"] },
  { name: "systemd", paths: ["/usr/bin/systemd-analyze"] },
];
/** What a bare Debian is made, booted, and given an internet with. */
const stage = [
  { name: "debootstrap", paths: ["/usr/sbin/debootstrap"] },
  { name: "systemd-container", paths: ["/usr/bin/systemd-nspawn"] },
  { name: "slirp4netns", paths: ["/usr/bin/slirp4netns"] },
  { name: "pebble", paths: ["/usr/bin/pebble"] },
  { name: "libnss3-tools", paths: ["/usr/bin/certutil"] },
];
/** What the peer in Python stands on. */
const python = [
  { name: "python3", paths: ["/usr/bin/python3"] },
  ...["aiortc", "nacl", "msgpack", "websockets"].map((name) => ({
    name: `python3-${name}`,
    paths: [`/usr/lib/python3/dist-packages/${name}`],
  })),
];
const apt = "/usr/bin/apt-get";

/** Installs the browsers that are missing. Says why where it can't: `undefined` means that all are here. */
export function installBrowsers() {
  return install(browsers);
}

/** What unit tests start beside a server. Without it they leave out what needs it. */
export function installServers() {
  return install([...turn, ...backplanes]);
}

/** The same, with all that the interoperability tests drive. */
export function installPrograms() {
  return install([...browsers, ...network, ...turn, ...proxies, ...backplanes, ...python]);
}

/** The same, with all that the NAT lab drives. */
export function installLabPrograms() {
  return install([...browsers, ...network, ...turn]);
}

/** The same, with all that a trial of the guide to deployment drives. */
export function installTrialPrograms() {
  return install([...browsers, ...network, ...proxies, ...stage]);
}

async function install(programs) {
  const missing = programs.filter(({ paths }) => !paths.some((path) => existsSync(path))).map(({ name }) => name);
  if (missing.length === 0) return undefined;
  const names = missing.join(" ");
  if (!existsSync(apt)) return `${names} missing, and there is no apt here to get them`;
  if (process.getuid?.() !== 0) return `${names} missing. To get them: sudo apt-get install ${names}`;
  say(`Installing ${missing.join(" and ")} with apt (some hundred megabytes, once) …`);
  await aptGet("update");
  await aptGet("install", "--yes", "--no-install-recommends", ...missing);
  return undefined;
}

async function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { code, output } = await run(apt, ["--quiet", ...args], { quiet: true, env });
  if (code === 0) return;
  throw new Failure(`${output.trimEnd().split("\n").slice(-20).join("\n")}\napt-get ${args[0]} failed.`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main(async () => {
    const obstacle = await installLabPrograms();
    say(obstacle ?? "All programs are here.");
    return obstacle === undefined ? 0 : 1;
  });
}
