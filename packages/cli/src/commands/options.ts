import type { JoinOptions, ServerOrder } from "@skein/client";
import { defineProtocol, limits, SkeinError } from "@skein/protocol";
import { InvalidArgumentError, Option } from "commander";

/** Where `skein serve` is unless it is told otherwise. */
export const defaultServer = "ws://127.0.0.1:7700/skein";

const defaultServers: readonly string[] = [defaultServer];

export const serverOption = (): Option =>
  new Option("-s, --server <url>", "the server's address; more than once for several, one of which is gone to")
    .default(defaultServers, defaultServer)
    .env("SKEIN_SERVER")
    .argParser(parseServers);

const serverOrders: readonly ServerOrder[] = ["listed", "by-room", "nearest", "any"];

/** Where `joinRoom` begins, among several. */
export const defaultServerOrder: ServerOrder = "listed";

export const serverOrderOption = (): Option =>
  new Option(
    "--server-order <order>",
    "of several servers: the first of the list that answers, the first of an order that the room's name decides (the same for all who " +
      "name the same servers), the one that answers first, or one by chance",
  )
    .choices(serverOrders)
    .default(defaultServerOrder)
    .env("SKEIN_SERVER_ORDER");

/** When to relay. What a room costs its server is for whoever runs the command to say. */
export const relayOption = (): Option =>
  new Option(
    "--relay <policy>",
    "relay through the server, sealed: where there is no direct path, at first, always, or never",
  )
    .choices(["fallback", "first", "only", "never"])
    .default("fallback");

export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("A port is a number from 1 to 65535, or 0 for any that is free.");
}

export function parseServer(text: string): string {
  if (URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError("A server's address looks like wss://example.org/skein.");
}

/** Collects what is given more than once, or with commas between. */
export function parseServers(text: string, before: readonly string[] = defaultServers): readonly string[] {
  const servers = text.split(",").map((one) => parseServer(one.trim()));
  return before === defaultServers ? servers : [...before, ...servers];
}

/** RFC 7064, RFC 7065. A browser refuses to link at all where one of its servers is anything else. */
export const iceUrl = /^(stuns?|turns?):[^/\s]/;

/** Collects what is given more than once. */
export function parseIceServer(text: string, before: readonly string[] = []): readonly string[] {
  if (iceUrl.test(text)) return [...before, text];
  throw new InvalidArgumentError("A STUN or TURN server looks like stun:stun.example.org:3478.");
}

/** Collects what is given more than once. */
export function parseOrigin(text: string, before: readonly string[] = []): readonly string[] {
  if (text === "self" || isOrigin(text)) return [...before, text];
  throw new InvalidArgumentError('An origin looks like https://example.org, with no path behind it, or is "self".');
}

/** Whether browsers send an origin in just this form: any other would match nobody. RFC 6454 §6.2. */
function isOrigin(text: string): boolean {
  // Pages without an address of their own.
  if (text === "null") return true;
  if (!/^[a-z][a-z\d+.-]*:\/\/[^/?#\s]+$/.test(text) || !URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  // What Node calls the origin of others, extensions and desktop apps among them, is always "null".
  return !/^https?:$/.test(protocol) || origin === text;
}

const byteUnits: Readonly<Record<string, number>> = { "": 1, K: 1_024, M: 1_048_576 };

/** Below, a client whose frames are on their way could take its server for dead before the server answers it. */
const leastByteRate = 64 * 1_024;

/** `512K`, `10M`: bytes a second. */
export function parseByteRate(text: string): number {
  const rate = bytesOf(text);
  if (rate >= leastByteRate) return rate;
  throw new InvalidArgumentError("A rate looks like 512K or 10M, in bytes a second; 64K is the least.");
}

/** `512K`, `10M`: bytes that wait for someone. */
export function parseByteCount(text: string): number {
  const bytes = bytesOf(text);
  if (bytes >= limits.packetBytes) return bytes;
  throw new InvalidArgumentError("Bytes look like 512K or 10M; 128K, the largest message, is the least.");
}

/** 0 for what is none. */
function bytesOf(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,9})([KM]?)$/i.exec(text) ?? [];
  return Number(number) * (byteUnits[unit.toUpperCase()] ?? 0);
}

export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (/^\d{1,5}$/.test(text) && seconds > 0) return seconds;
  throw new InvalidArgumentError("Give whole seconds, from 1 to 99999.");
}

const durationUnits: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const longestMs = 366 * 86_400_000;

/** `90s`, `10m`, `12h`, `7d`: milliseconds. */
export function parseDuration(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(number) * (durationUnits[unit] ?? 0);
  if (ms > 0 && ms <= longestMs) return ms;
  throw new InvalidArgumentError("A time looks like 90s, 10m, 12h or 7d; a year is the longest.");
}

export function parseRoom(text: string): string {
  if (text.length > 0 && text.length <= limits.nameLength) return text;
  throw new InvalidArgumentError(`A room's name has 1 to ${limits.nameLength} characters.`);
}

export function parseName(text: string): string {
  if (text.length > 0 && text.length <= limits.nameLength) return text;
  throw new InvalidArgumentError(`A name has 1 to ${limits.nameLength} characters.`);
}

/** `2/3`: the second of three parts; `1,2/3`: the first and the second. */
export interface Part {
  /** From 1, each once. */
  readonly indexes: readonly number[];
  readonly of: number;
}

/** As many as an agent tells of: see `crewMeta`. */
const partsMost = 32;

export function parsePart(text: string): Part {
  const [, list = "", last = ""] = /^(\d{1,4}(?:,\d{1,4})*)\/(\d{1,4})$/.exec(text) ?? [];
  const of = Number(last);
  const indexes = [...new Set(list.split(",").map(Number))];
  const isPossible = list !== "" && indexes.length <= partsMost && indexes.every((index) => index >= 1 && index <= of);
  if (isPossible) return { indexes, of };
  throw new InvalidArgumentError("A part looks like 2/3, the second of three; several like 1,2/3.");
}

/** Protocols that a room can be joined with. */
export type Protocols = NonNullable<JoinOptions["protocols"]>;

/** `NAME@VERSION`, or several versions with commas. Collects what is given more than once. */
export function parseProtocol(text: string, before: Protocols = []): Protocols {
  const at = text.lastIndexOf("@");
  if (at < 1) throw new InvalidArgumentError("A protocol looks like acme.chat@1.2.0, or acme.chat@1.2.0,2.0.0.");
  try {
    return [...before, defineProtocol(text.slice(0, at), text.slice(at + 1).split(","), {})];
  } catch (error) {
    throw new InvalidArgumentError(SkeinError.from(error, "bad-argument").message);
  }
}
