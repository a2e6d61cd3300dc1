import { SkeinError } from "@skein/protocol";
import { inRoomOrder } from "../core/room-order.js";
import type { ServerOrder } from "../core/server-choice.js";

/** Each is dialled, by some all at once. */
const addressesMost = 16;

/** The addresses that were given, each once. @throws {SkeinError} `bad-argument` */
export function parseAddresses(url: string | readonly string[]): readonly string[] {
  const urls = [...new Set((typeof url === "string" ? [url] : url).map(parseAddress))];
  if (urls.length > 0 && urls.length <= addressesMost) return urls;
  throw new SkeinError("bad-argument", `Give one server address, or up to ${addressesMost}.`);
}

function parseAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["ws:", "wss:"].includes(url.protocol)) {
    throw new SkeinError("bad-argument", `"${text}" is no server address: those look like wss://example.org/skein.`);
  }
  return url.href;
}

/** The same addresses as whoever joins that room has to go through them. */
export function addressesFor(room: string, urls: readonly string[], order: ServerOrder): readonly string[] {
  return order === "by-room" ? inRoomOrder(room, urls, placeOf) : urls;
}

/** Where a server is: not by which scheme one comes there, nor as whom, in which members of one room may differ. */
export function placeOf(url: string): string {
  const { host, pathname, search } = new URL(url);
  return host + pathname + search;
}
