import { isIP } from "node:net";
import { iceUrlKind, SkeinError } from "@skein/protocol";
import { checkPeerRange } from "@skein/server/coturn";
import { InvalidArgumentError } from "commander";
import { parsePort } from "../commands/options.js";

/** A TURN server's name or address, without a port. */
export function parseHost(text: string): string {
  const isName = iceUrlKind(`turn:${text}`) === "turn" && !/[:?[]/.test(text);
  if (isName || isIP(text) !== 0) return text;
  throw new InvalidArgumentError("A TURN server is a host such as turn.example.org; for other ports, use --turn-file.");
}

export function parseTurnPort(text: string): number {
  const port = parsePort(text);
  if (port > 0) return port;
  throw new InvalidArgumentError("TURN's port is a number from 1 to 65535: clients are told of it.");
}

/** `49152-65535`. */
export function parsePortRange(text: string): { first: number; last: number } {
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(text)?.map(Number) ?? [];
  if (first !== undefined && last !== undefined && first >= 1 && first <= last && last <= 65_535)
    return { first, last };
  throw new InvalidArgumentError("A range of ports looks like 49152-65535.");
}

export function parseAddress(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new InvalidArgumentError("Give an IP address, such as 203.0.113.5.");
}

export function parsePeerRange(text: string): string {
  try {
    return checkPeerRange(text);
  } catch (error) {
    throw new InvalidArgumentError(SkeinError.from(error, "bad-argument").message);
  }
}
