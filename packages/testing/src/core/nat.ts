/**
 * How a NAT maps and filters UDP (RFC 4787 §4, §5). Its mapping is endpoint-independent but for `symmetric`.
 *
 * - `none`: no NAT; the host has a public address.
 * - `full-cone`: whoever knows the mapping gets in.
 * - `restricted`: whoever was sent something from the mapping gets in, by address and port.
 * - `symmetric`: each destination has a mapping of its own, and gets in by that alone.
 * - `udp-blocked`: a firewall that lets TCP out and no UDP at all.
 */
export type NatKind = "none" | "full-cone" | "restricted" | "symmetric" | "udp-blocked";

/** Where a datagram comes from or goes to. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Whether UDP finds a way between two such places (RFC 5128 §3.3), by STUN alone. */
export function isPunchable(a: NatKind, b: NatKind): boolean {
  if (a === "udp-blocked" || b === "udp-blocked") return false;
  const isOpen = (kind: NatKind) => kind === "none" || kind === "full-cone";
  return isOpen(a) || isOpen(b) || (a !== "symmetric" && b !== "symmetric");
}

export function endpointKey({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

interface Mapping {
  readonly inner: Endpoint;
  readonly port: number;
  /** Who was sent something through it. */
  readonly allowed: Set<string>;
}

const firstPort = 40_000;

/** One NAT: its table of mappings. They don't run out of time: keep-alives of seconds keep real ones open. */
export class Nat {
  readonly kind: NatKind;
  readonly address: string;
  readonly #byInner = new Map<string, Mapping>();
  readonly #byPort = new Map<number, Mapping>();
  #nextPort = firstPort;

  constructor(kind: NatKind, address: string) {
    this.kind = kind;
    this.address = address;
  }

  /** A datagram goes out: gives where it comes from for the world outside; undefined where it doesn't get out. */
  outbound(inner: Endpoint, to: Endpoint): Endpoint | undefined {
    if (this.kind === "udp-blocked") return undefined;
    const mapping = this.#map(inner, to);
    mapping.allowed.add(endpointKey(to));
    return { address: this.address, port: mapping.port };
  }

  /** A datagram came for one of our ports: gives who gets it; undefined where nobody does. */
  inbound(from: Endpoint, port: number): Endpoint | undefined {
    const mapping = this.#byPort.get(port);
    if (mapping === undefined) return undefined;
    return this.kind === "full-cone" || mapping.allowed.has(endpointKey(from)) ? mapping.inner : undefined;
  }

  #map(inner: Endpoint, to: Endpoint): Mapping {
    const key = this.kind === "symmetric" ? `${endpointKey(inner)} ${endpointKey(to)}` : endpointKey(inner);
    const known = this.#byInner.get(key);
    if (known !== undefined) return known;
    const mapping: Mapping = { inner, port: this.#nextPort++, allowed: new Set() };
    this.#byInner.set(key, mapping);
    this.#byPort.set(mapping.port, mapping);
    return mapping;
  }
}
