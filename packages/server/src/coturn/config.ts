import { isIP, isIPv6 } from "node:net";
import { SkeinError } from "@skein/protocol";

/** How coturn is to run. */
export interface CoturnSettings {
  readonly secret: string;
  /** The address to listen on. Undefined: all of this machine's. */
  readonly listen: string | undefined;
  readonly port: number;
  /** What clients are told, and others send to. */
  readonly address: string;
  /** Whether the address is one of this machine's; if not, something in front maps it to one. */
  readonly isOwn: boolean;
  readonly relayPorts: PortRange;
  /** Where clients may have it send to, though it wouldn't otherwise: addresses, or ranges with a dash. */
  readonly allowPeers: readonly string[];
  /** What one client may hold at a time. */
  readonly allocationsPerClient: number;
}

/** A range of ports, with both ends. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Addresses that are private, of this machine, of a link or of many: whoever has a credential must not reach through the server what it
 * can't reach itself. From the registries of RFC 6890; those of IPv6 that hold an IPv4 address go with them.
 */
export const deniedPeers: readonly string[] = [
  "0.0.0.0-0.255.255.255",
  "10.0.0.0-10.255.255.255",
  "100.64.0.0-100.127.255.255",
  "127.0.0.0-127.255.255.255",
  "169.254.0.0-169.254.255.255",
  "172.16.0.0-172.31.255.255",
  "192.0.0.0-192.0.0.255",
  "192.88.99.0-192.88.99.255",
  "192.168.0.0-192.168.255.255",
  "198.18.0.0-198.19.255.255",
  "224.0.0.0-255.255.255.255",
  // Trap: to coturn a range that begins with :: has no beginning, and holds all of IPv4. It turns :: down by itself (CVE-2020-26262).
  "::1-::ffff:ffff",
  "::ffff:0:0-::ffff:ffff:ffff",
  "64:ff9b::-64:ff9b::ffff:ffff",
  "64:ff9b:1::-64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
  "2001::-2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
  "2002::-2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  "fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  "fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  "ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

/** coturn's configuration. A file, since what stands on a command line can be read by everyone on the machine. */
export function coturnConfig(settings: CoturnSettings, folder: string): string {
  const { secret, listen, port, address, isOwn, relayPorts, allowPeers, allocationsPerClient } = settings;
  const lines = [
    "use-auth-secret",
    `static-auth-secret=${secret}`,
    "realm=skein",
    ...(listen === undefined ? [] : [`listening-ip=${listen}`]),
    `listening-port=${port}`,
    isOwn ? `relay-ip=${address}` : `external-ip=${address}`,
    `min-port=${relayPorts.first}`,
    `max-port=${relayPorts.last}`,
    `user-quota=${allocationsPerClient}`,
    // A nonce is good for so many seconds: who records a request can't send it again for ever.
    "stale-nonce=600",
    "fingerprint",
    "no-tls",
    "no-dtls",
    "no-cli",
    // RFC 6062 would have it open TCP connections to others.
    "no-tcp-relay",
    "no-multicast-peers",
    // What answers shall be no larger than what asks, and say nothing of itself.
    "no-rfc5780",
    "no-stun-backward-compatibility",
    "response-origin-only-with-rfc5780",
    "no-software-attribute",
    ...deniedPeers.map((range) => `denied-peer-ip=${range}`),
    ...allowPeers.map((range) => `allowed-peer-ip=${range}`),
    ...(allowPeers.some((range) => startsInLoopback(range)) ? ["allow-loopback-peers"] : []),
    "log-file=stdout",
    "simple-log",
    `pidfile=${folder}/pid`,
    `userdb=${folder}/db`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Reads an address, or two of the same kind with a dash between. @throws {SkeinError} `bad-argument` */
export function checkPeerRange(text: string): string {
  const [first = "", last = first, ...more] = text.split("-");
  const isRange = more.length === 0 && isIP(first) !== 0 && isIP(first) === isIP(last);
  // Trap: what begins with 0 is to coturn without beginning: it would allow everything.
  if (isRange && numberOf(first) > 0n && numberOf(first) <= numberOf(last)) return text;
  throw new SkeinError(
    "bad-argument",
    `"${text.slice(0, 100)}" is no range of addresses: those look like 192.168.1.0-192.168.1.255, or 192.168.1.5.`,
  );
}

function startsInLoopback(range: string): boolean {
  return range.startsWith("127.") || range.startsWith("::1");
}

/** Whether clients can't have it send to its own address, where the other side of two of them that need it is to be reached. */
export function deniesItself({ address, allowPeers }: Pick<CoturnSettings, "address" | "allowPeers">): boolean {
  const isWithin = (range: string) => {
    const [first = "", last = first] = range.split("-");
    if (isIPv6(first) !== isIPv6(address)) return false;
    const at = numberOf(address);
    return numberOf(first) <= at && at <= numberOf(last);
  };
  return isIP(address) !== 0 && deniedPeers.some(isWithin) && !allowPeers.some(isWithin);
}

/** An address as one number. */
function numberOf(address: string): bigint {
  if (!isIPv6(address)) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  // The platform writes it out: hex alone, without a zone.
  const { hostname } = new URL(`http://[${address.replace(/%.*$/, "")}]/`);
  const [head = "", tail] = hostname.slice(1, -1).split("::");
  const [before, after] = [head, tail ?? ""].map((part) => (part === "" ? [] : part.split(":")));
  const zeros = tail === undefined ? 0 : 8 - (before?.length ?? 0) - (after?.length ?? 0);
  const groups = [...(before ?? []), ...Array<string>(zeros).fill("0"), ...(after ?? [])];
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}
