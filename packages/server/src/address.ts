import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/**
 * Whom a request comes from, as far as limits are concerned; undefined for this machine itself, and for what has no address.
 *
 * With `trustedHops` proxies in front, the address is the one that the first of them appended to `X-Forwarded-For`: counted from
 * the end, since whatever stands before it came with the request and is anybody's to write.
 */
export function addressOf(request: IncomingMessage, trustedHops: number): string | undefined {
  return limitKeyOf(nthFromEnd(request, trustedHops));
}

function nthFromEnd({ headers, socket }: IncomingMessage, hops: number): string {
  const remote = socket.remoteAddress ?? "";
  if (hops === 0) return remote;
  const forwarded = headers["x-forwarded-for"] ?? "";
  const chain = String(forwarded).split(",");
  const claimed = chain.at(-hops)?.trim() ?? "";
  // A proxy that was to say whom it speaks for, and didn't, speaks for itself.
  return isIP(bare(claimed)) === 0 ? remote : bare(claimed);
}

/** Some proxies write the port too, and IPv6 in brackets. */
function bare(text: string): string {
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? [];
  if (bracketed !== undefined) return bracketed;
  return /^[\d.]+:\d+$/.test(text) ? text.slice(0, text.indexOf(":")) : text;
}

/**
 * What connections of one holder have in common: an IPv4 address, or the 64 bits of a network in IPv6, in which a holder may have any
 * number of addresses (RFC 6177). This machine's own aren't limited: a proxy whose word isn't trusted would be cut off with all
 * who come through it.
 */
export function limitKeyOf(address: string): string | undefined {
  const [plain = ""] = address.toLowerCase().split("%", 1);
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain) ?? [];
  const four = mapped ?? plain;
  if (isIP(four) === 4) return four.startsWith("127.") ? undefined : four;
  if (isIP(plain) !== 6 || plain === "::1") return undefined;
  return `${firstGroups(plain).join(":")}::/64`;
}

/** The first four of eight groups, without their leading zeros. */
function firstGroups(address: string): string[] {
  const [head = "", tail] = address.split("::", 2);
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: missing }, () => "0"), ...after];
  return groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ""));
}
