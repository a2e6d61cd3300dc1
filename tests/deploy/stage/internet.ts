import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { Namespace, sweepNamespaces } from "../../natlab/lab/namespace.ts";
import { type NetworkName, networks, serverName } from "./addresses.ts";

/** A server and two visitors, each in a network of its own, with a router between them; the server reaches the archives of packages as well. */
export class Internet {
  readonly router = new Namespace("internet");
  readonly #ends = new Map<NetworkName, Namespace>();
  readonly #outlet: ChildProcess;

  constructor() {
    sweepNamespaces();
    this.router.set("ipv4/ip_forward", 1);
    for (const name of Object.keys(networks) as NetworkName[]) this.#plug(name);
    this.#nameServer();
    // Debian's and npm's archives, through this machine's own network and without a change of it.
    const outlet = ["--configure", "--mtu=1400", "--disable-host-loopback", "--netns-type=path"];
    const at = `/run/netns/${this.end("server").name}`;
    this.#outlet = spawn("slirp4netns", [...outlet, at, "tap0"], { stdio: "ignore" });
  }

  end(name: NetworkName): Namespace {
    return this.#ends.get(name) as Namespace;
  }

  /** From now on the visitors don't reach each other. */
  part(): void {
    const [ann, bob] = [networks.ann.address, networks.bob.address];
    this.router.nft(
      "table ip parted { chain between { type filter hook forward priority 0; " +
        `ip saddr ${ann} ip daddr ${bob} drop; ip saddr ${bob} ip daddr ${ann} drop; }; }`,
    );
  }

  remove(): void {
    this.#outlet.kill();
    for (const namespace of [this.router, ...this.#ends.values()]) {
      namespace.remove();
      rmSync(`/etc/netns/${namespace.name}`, { recursive: true, force: true });
    }
  }

  #plug(name: NetworkName): void {
    const { address, router } = networks[name];
    const end = new Namespace(name);
    this.#ends.set(name, end);
    this.router.ip("link", "add", `to-${name}`, "type", "veth", "peer", "name", "eth0", "netns", end.name);
    this.router.ip("addr", "add", `${router}/26`, "dev", `to-${name}`);
    this.router.ip("link", "set", `to-${name}`, "up");
    end.ip("addr", "add", `${address}/26`, "dev", "eth0");
    end.ip("link", "set", "eth0", "up");
    end.ip("route", "add", ...(name === "server" ? ["198.51.100.0/24"] : ["default"]), "via", router);
  }

  /** What `ip netns exec` lays over /etc. */
  #nameServer(): void {
    for (const { name } of [this.router, ...this.#ends.values()]) {
      mkdirSync(`/etc/netns/${name}`, { recursive: true });
      writeFileSync(`/etc/netns/${name}/hosts`, `127.0.0.1 localhost\n${networks.server.address} ${serverName}\n`);
    }
  }
}
