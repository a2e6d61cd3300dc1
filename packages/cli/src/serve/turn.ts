import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { type IceServer, SkeinError } from "@skein/protocol";
import { type TurnOptions, type TurnServer, turnUrls } from "@skein/server";
import type { Coturn } from "@skein/server/coturn";
import * as v from "valibot";
import { isLoopback, placeOf, type ServeOptions } from "./options.js";
import { readText } from "./secret-file.js";

/** What a server has of TURN, and whatever runs for it. */
export interface ServedTurn {
  readonly turn: TurnOptions | undefined;
  /** Of the STUN server that runs with it. */
  readonly stun: readonly IceServer[];
  /** What an operator should know, in a sentence. */
  readonly warning: string | undefined;
  close(): Promise<void>;
}

/**
 * The TURN servers that were told, and the one that runs beside the server where that is wanted.
 * @param tell gets a sentence when something becomes of the one that runs.
 * @throws {SkeinError} `bad-argument`
 */
export async function turnOf(options: ServeOptions, tell: (sentence: string) => void): Promise<ServedTurn> {
  const { turn: isWanted, turnLifetime: lifetimeMs, turnRegion: region } = options;
  mustBeWanted(options);
  const elsewhere = [...serversByName(options), ...serversOfFile(options)];
  const coturn = isWanted ? await startBeside(options, tell) : undefined;
  const servers = coturn === undefined ? elsewhere : [coturn.turn, ...elsewhere];
  return {
    turn: servers.length === 0 ? undefined : { servers, lifetimeMs, region },
    stun: coturn === undefined ? [] : [coturn.stun],
    warning: coturn?.warning,
    close: async () => coturn?.close(),
  };
}

/** A setting of the one that isn't to run is a mistake, and most of all one that was to make it safer. */
function mustBeWanted(options: ServeOptions): void {
  const { turn, turnPort, turnRelayPorts, turnAddress, turnAllowPeer, turnQuota } = options;
  const isTold = [turnPort, turnRelayPorts, turnAddress, turnAllowPeer, turnQuota].some((one) => one !== undefined);
  if (turn || !isTold) return;
  throw new SkeinError(
    "bad-argument",
    "--turn-port, --turn-relay-ports, --turn-address, --turn-allow-peer and --turn-quota are for the TURN server of --turn: give that as well.",
  );
}

function serversByName({ turnServer = [], turnSecret, turn }: ServeOptions): TurnServer[] {
  if (turnSecret !== undefined && turnServer.length === 0 && !turn) {
    throw new SkeinError(
      "bad-argument",
      "--turn-secret is of no use without --turn-server or --turn: give one of them.",
    );
  }
  if (turnServer.length === 0) return [];
  if (turnSecret === undefined) {
    throw new SkeinError("bad-argument", "--turn-server needs --turn-secret: a file with the secret that it shares.");
  }
  const secret = readText(turnSecret, "The TURN servers' secret (turn-secret)");
  return turnServer.map((host) => ({ urls: turnUrls(host), secret }));
}

const fileSchema = v.array(
  v.strictObject({
    urls: v.optional(v.array(v.string())),
    host: v.optional(v.string()),
    secret: v.optional(v.string()),
    secretFile: v.optional(v.string()),
    weight: v.optional(v.number()),
    region: v.optional(v.string()),
  }),
);

function serversOfFile({ turnFile }: ServeOptions): TurnServer[] {
  if (turnFile === undefined) return [];
  return readFile(turnFile).map(({ urls, host, secret, secretFile, weight, region }) => {
    const hasOneOfEach =
      (urls === undefined) !== (host === undefined) && (secret === undefined) !== (secretFile === undefined);
    if (!hasOneOfEach) throw wrongFile(turnFile);
    return {
      urls: urls ?? turnUrls(host as string),
      secret: secret ?? readText(secretFile as string, "A TURN server's secret (turn-file)"),
      weight,
      region,
    };
  });
}

function readFile(file: string): v.InferOutput<typeof fileSchema> {
  try {
    return v.parse(fileSchema, JSON.parse(readFileSync(file, "utf8")));
  } catch {
    // Without its cause: that may quote the file, and there are secrets in it.
    throw wrongFile(file);
  }
}

function wrongFile(file: string): SkeinError {
  return new SkeinError(
    "bad-argument",
    `${file} can't be used: it must be JSON like [{"host":"turn.example.org","secretFile":"/etc/skein/turn.secret","weight":2,"region":"eu"}]; ` +
      '"urls" may stand for the host, "secret" for the file.',
  );
}

async function startBeside(options: ServeOptions, told: (sentence: string) => void): Promise<Coturn> {
  const { turnPort, turnRelayPorts, turnAllowPeer, turnQuota, turnSecret } = options;
  const { startCoturn } = await import("@skein/server/coturn");
  return startCoturn({
    address: await addressOf(options),
    listen: await listenOf(options),
    port: turnPort,
    relayPorts: turnRelayPorts,
    allowPeers: turnAllowPeer,
    allocationsPerClient: turnQuota,
    secret: turnSecret === undefined ? undefined : readText(turnSecret, "The TURN secret (turn-secret)"),
    told,
  });
}

/**
 * Where the TURN server listens: where the server does, or on all addresses (`undefined`). A server behind a proxy listens on loopback, where
 * TURN has no proxy in front: it is wanted at the address that is told.
 */
export async function listenOf({ turnAddress, ...options }: ServeOptions): Promise<string | undefined> {
  const { host } = placeOf(options);
  const isBehindProxy = isLoopback(host) && turnAddress !== undefined && !isLoopback(turnAddress);
  return isAll(host) || isBehindProxy ? undefined : addressOfHost(host);
}

async function addressOf({ turnAddress, ...options }: ServeOptions): Promise<string> {
  if (turnAddress !== undefined) return turnAddress;
  const { host } = placeOf(options);
  if (!isAll(host)) return addressOfHost(host);
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const address = addresses.find(({ internal, address: own }) => !internal && isIP(own) === 4)?.address;
  if (address !== undefined) return address;
  throw new SkeinError("bad-argument", "This machine has no address that others reach: give --turn-address.");
}

async function addressOfHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  if (isLoopback(host)) return "127.0.0.1";
  return (await lookup(host)).address;
}

function isAll(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
