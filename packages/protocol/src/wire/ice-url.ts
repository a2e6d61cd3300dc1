/** What a STUN or TURN server's address says (RFC 7064 §3.1, RFC 7065 §3.1). */
export interface IceUrl {
  readonly scheme: "stun" | "stuns" | "turn" | "turns";
  /** A name, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  /** Of TURN alone. Undefined: UDP, and TCP behind `turns`. */
  readonly transport: "udp" | "tcp" | undefined;
}

const form = /^(stuns?|turns?):(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i;

/**
 * Reads a STUN or TURN server's address. Undefined: it is none, and a platform that is given it may refuse to open any connection
 * at all.
 */
export function readIceUrl(text: string): IceUrl | undefined {
  const [, scheme = "", host = "", portText, transport] = form.exec(text) ?? [];
  // Engines want these in small letters.
  if (!["stun", "stuns", "turn", "turns"].includes(scheme)) return undefined;
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  if (transport !== undefined && (!scheme.startsWith("turn") || transport !== transport.toLowerCase()))
    return undefined;
  return {
    scheme: scheme as IceUrl["scheme"],
    host: host.replace(/^\[|\]$/g, ""),
    port,
    transport: transport as IceUrl["transport"],
  };
}
