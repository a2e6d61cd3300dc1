/** What `skein serve` was told. The names are the flags'. */
export interface ServeOptions {
  readonly port?: number;
  readonly orNext?: boolean;
  readonly host?: string;
  readonly path?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly trustedHops?: number;
  readonly authKey?: readonly string[];
  readonly authJwks?: string;
  readonly authIssuer?: string;
  readonly authAudience?: string;
  readonly open?: boolean;
  readonly allowOrigin?: readonly string[];
  readonly ice?: readonly string[];
  readonly iceFile?: string;
  readonly turnServer?: readonly string[];
  readonly turnFile?: string;
  readonly turnSecret?: string;
  /** Milliseconds. */
  readonly turnLifetime?: number;
  readonly turnRegion?: string;
  readonly turn?: boolean;
  readonly turnPort?: number;
  readonly turnRelayPorts?: { readonly first: number; readonly last: number };
  readonly turnAddress?: string;
  readonly turnAllowPeer?: readonly string[];
  readonly turnQuota?: number;
  /** Bytes a second. */
  readonly relayRate?: number;
  /** Messages a second; so is the next. */
  readonly signalRate?: number;
  readonly controlRate?: number;
  /** Bytes. */
  readonly maxBuffered?: number;
  readonly maxConnections?: number;
  readonly maxRooms?: number;
  readonly maxPeers?: number;
  readonly maxRoomPeers?: number;
  readonly maxAddressConnections?: number;
  readonly maxAddressRate?: number;
  readonly maxIdentityRooms?: number;
  readonly maxIdentityRate?: number;
  readonly maxRoomRate?: number;
  /** Seconds; so are the next three, and `stats`. */
  readonly joinTimeout?: number;
  readonly idle?: number;
  readonly grace?: number;
  readonly drain?: number;
  readonly backplane?: string;
  readonly backplanePrefix?: string;
  readonly adminPort?: number;
  readonly adminToken?: string;
  readonly log?: "error" | "info" | "debug";
  readonly stats?: number;
  readonly page?: boolean;
  readonly json?: boolean;
}

/** Those that everything else hangs on, with their defaults. */
export interface Place {
  readonly port: number;
  readonly host: string;
  readonly path: string;
}

export function placeOf({ port = 7700, host = "127.0.0.1", path = "/skein" }: ServeOptions): Place {
  return { port, host, path };
}

/** Whether an address is this machine's own, which nobody else reaches. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
