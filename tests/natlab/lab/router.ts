import { internetAddress } from "./addresses.ts";
import { Namespace } from "./namespace.ts";

/** What stands between a machine and the internet, the most open one first. */
export const routerKinds = ["open", "cone", "symmetric", "udp-dropped", "443-only"] as const;
export type RouterKind = (typeof routerKinds)[number];

const network = {
  /** No NAT: the machine's own address is a public one, and everyone may send to it. */
  isPublic: (kind: RouterKind) => kind === "open",
  wan: (number: number) => `203.0.113.${10 + number}`,
  publicLink: (number: number) => ({ router: `198.18.${number}.1`, machine: `198.18.${number}.2` }),
  privateLink: (number: number) => ({ router: `10.0.${number}.1`, machine: `10.0.${number}.2` }),
};

/** A router between the internet and a machine: what it does to packets is its kind. */
export class Router {
  readonly kind: RouterKind;
  readonly machineAddress: string;
  readonly namespace: Namespace;
  readonly #internet: Namespace;
  readonly #number: number;
  readonly #address: string;

  /** @param number tells apart the routers of a lab, and their addresses: 0 to 199. */
  constructor(internet: Namespace, number: number, kind: RouterKind) {
    this.kind = kind;
    this.#internet = internet;
    this.#number = number;
    const link = network.isPublic(kind) ? network.publicLink(number) : network.privateLink(number);
    this.#address = link.router;
    this.machineAddress = link.machine;
    this.namespace = new Namespace(`router${number}`);
    this.#connect();
    this.namespace.nft(rulesOf(kind));
  }

  /** Plugs a machine in: as interface `name` there, with an address, and the way out. */
  plug(machine: Namespace, name: string): void {
    this.namespace.ip("link", "add", "lan", "type", "veth", "peer", "name", name, "netns", machine.name);
    this.namespace.ip("addr", "add", `${this.#address}/24`, "dev", "lan");
    this.namespace.ip("link", "set", "lan", "up");
    machine.ip("addr", "add", `${this.machineAddress}/24`, "dev", name);
    machine.ip("link", "set", name, "up");
    machine.ip("route", "add", "default", "via", this.#address);
  }

  /** Nothing comes through any more, either way, and nobody is told. */
  cut(): void {
    this.#drop("cut", "drop");
  }

  mend(): void {
    this.namespace.nft("delete table ip cut");
  }

  /** From now on a part of all packets is lost, either way. */
  lose(percent: number): void {
    this.#drop("loss", `numgen random mod 1000 < ${Math.round(percent * 10)} drop`);
  }

  remove(): void {
    if (network.isPublic(this.kind)) this.#internet.ip("route", "del", this.#publicRange);
    this.namespace.remove();
  }

  get #publicRange(): string {
    return `198.18.${this.#number}.0/24`;
  }

  #connect(): void {
    const { namespace } = this;
    const port = `port${this.#number}`;
    namespace.set("ipv4/ip_forward", 1);
    namespace.ip("link", "add", "wan", "type", "veth", "peer", "name", port, "netns", this.#internet.name);
    namespace.ip("addr", "add", `${network.wan(this.#number)}/24`, "dev", "wan");
    namespace.ip("link", "set", "wan", "up");
    namespace.ip("route", "add", "default", "via", internetAddress);
    this.#internet.ip("link", "set", port, "master", "internet", "up");
    if (network.isPublic(this.kind)) {
      this.#internet.ip("route", "add", this.#publicRange, "via", network.wan(this.#number));
    }
  }

  /** Before anything else looks at it: to drop what a machine sends where it is sent would tell it so. */
  #drop(table: string, what: string): void {
    this.namespace.nft(`table ip ${table} { chain in { type filter hook prerouting priority -400; ${what}; }; }`);
  }
}

/**
 * Trap: a packet that comes uninvited would become a connection of the router's own, and take the port that the machine behind it
 * is about to be given. So the router itself listens to nobody.
 */
const deaf = 'table ip deaf { chain in { type filter hook input priority 0; iifname "wan" drop; }; }';

function rulesOf(kind: RouterKind): string {
  switch (kind) {
    case "open":
      return deaf;
    case "cone":
      // Linux keeps the port where it can, towards everyone (RFC 4787 §4.1), and lets in whom the machine has sent to.
      return `${deaf}\n${nat("masquerade")}`;
    case "symmetric":
      return `${deaf}\n${nat("masquerade random,fully-random")}`;
    case "udp-dropped":
      return `${deaf}\n${nat("masquerade")}\n${firewall("meta l4proto udp drop;")}`;
    case "443-only":
      return `${deaf}\n${nat("masquerade")}\n${firewall('ct state established accept; iifname "lan" tcp dport 443 accept; drop;')}`;
  }
}

function nat(rule: string): string {
  return `table ip nat { chain out { type nat hook postrouting priority 100; oifname "wan" ${rule}; }; }`;
}

function firewall(rules: string): string {
  return `table ip firewall { chain pass { type filter hook forward priority 0; ${rules} }; }`;
}
