/** The networks of a trial, of a range that is for documentation (RFC 5737). */
export const networks = {
  server: { address: "198.51.100.10", router: "198.51.100.1" },
  ann: { address: "198.51.100.70", router: "198.51.100.65" },
  bob: { address: "198.51.100.130", router: "198.51.100.129" },
} as const;

export type NetworkName = keyof typeof networks;

/** Where everything stands that a trial has instead of the internet's. */
export const standIns = networks.server.router;

/** A registry that has Skein. */
export const registry = `http://${standIns}:4873`;
export const pebblePort = 14_000;

/** The operator's name for the server: the guide's own example. */
export const serverName = "skein.example.org";
