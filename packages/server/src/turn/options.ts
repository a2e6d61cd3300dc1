import { type IceServer, iceUrlKind, limits, SkeinError } from "@skein/protocol";
import type { TurnCandidate } from "../core/turn-choice.js";
import { turnCredential, turnIdOf } from "./credential.js";

/** A TURN server that shares a secret with us (coturn's `use-auth-secret`). */
export interface TurnServer {
  /** Its addresses: of {@link turnUrls}, or your own. Clients try them side by side, and prefer the first that works. */
  readonly urls: readonly string[];
  /** coturn's `static-auth-secret`: 16 characters or more. */
  readonly secret: string;
  /** How large a part of the clients it gets. Default 1. */
  readonly weight?: number | undefined;
  /** Where it is, in your own words. */
  readonly region?: string | undefined;
}

/** Which TURN servers clients get credentials for, and for how long. */
export interface TurnOptions {
  readonly servers: readonly TurnServer[];
  /**
   * How long a credential is good for. A client has a new one when a quarter of that is left; whoever steals one has the rest. Default
   * 3,600,000: an hour.
   */
  readonly lifetimeMs?: number | undefined;
  /** Where this server's clients are, unless their grant says otherwise: they get the TURN servers there before others. */
  readonly region?: string | undefined;
  /** How many of the servers one client is told of. Default 2: the more there are, the longer an engine gathers. */
  readonly perClient?: number | undefined;
}

/** With the defaults, checked. */
export interface TurnSettings {
  readonly servers: readonly (TurnCandidate & { readonly secret: string })[];
  readonly lifetimeMs: number;
  readonly region: string | undefined;
  readonly perClient: number;
}

/**
 * A TURN server's three addresses, in the order that gets through most for what it costs: UDP; TCP on 443, for networks that let nothing
 * out but the web; the same in TLS, for those that look at it. The last wants a name and a certificate for it.
 *
 * @example turnUrls("turn.example.org")
 */
export function turnUrls(host: string): string[] {
  const place = host.includes(":") ? `[${host}]` : host;
  return [`turn:${place}:3478?transport=udp`, `turn:${place}:443?transport=tcp`, `turns:${place}:443?transport=tcp`];
}

const defaultLifetimeMs = 3_600_000;
const leastLifetimeMs = 4_000;
const mostLifetimeMs = 30 * 86_400_000;
const leastSecretLength = 16;

/** @throws {SkeinError} `bad-argument`. None of a secret's text is in the error's. */
export function settleTurn(options: TurnOptions): TurnSettings {
  const { lifetimeMs = defaultLifetimeMs, region, perClient = 2 } = options;
  if (!(lifetimeMs >= leastLifetimeMs && lifetimeMs <= mostLifetimeMs)) {
    throw wrong(`turn.lifetimeMs: ${lifetimeMs} can't be used: give milliseconds from 4 s to 30 days.`);
  }
  if (!Number.isInteger(perClient) || perClient < 1 || perClient > limits.iceServers) {
    throw wrong(`turn.perClient: ${perClient} can't be used: give a whole number from 1 to ${limits.iceServers}.`);
  }
  return { servers: options.servers.map(settleServer), lifetimeMs, region, perClient };
}

function settleServer({ urls, secret, weight = 1, region }: TurnServer): TurnSettings["servers"][number] {
  const other = urls.find((url) => iceUrlKind(url) !== "turn");
  if (other !== undefined || urls.length === 0) {
    throw wrong(
      `"${(other ?? "").slice(0, 100)}" is no TURN server: those look like turn:turn.example.org:3478?transport=udp.`,
    );
  }
  if (typeof secret !== "string" || secret.length < leastSecretLength) {
    throw wrong(`The secret of ${urls[0]} can't be used: it must have ${leastSecretLength} characters or more.`);
  }
  if (!(weight > 0 && weight <= 1_000_000)) {
    throw wrong(`The weight of ${urls[0]}, ${weight}, can't be used: give a number above 0, up to 1000000.`);
  }
  return { urls, secret, weight, region };
}

/** What no client is given more than, for its size to be looked at. */
export function largestHandOut({ servers, perClient }: TurnSettings): IceServer[] {
  const size = ({ urls }: TurnCandidate) => urls.reduce((sum, url) => sum + url.length, 0);
  const largest = [...servers].sort((a, b) => size(b) - size(a)).slice(0, perClient);
  return largest.map(({ urls, secret }) => ({
    urls: [...urls],
    ...turnCredential(secret, turnIdOf(secret, ""), Number.MAX_SAFE_INTEGER),
  }));
}

function wrong(sentence: string): SkeinError {
  return new SkeinError("bad-argument", sentence);
}
