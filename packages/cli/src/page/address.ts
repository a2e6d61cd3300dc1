import { plainText } from "./core/text.js";

/** Where this page was told to go. */
export interface Address {
  readonly server: string;
  readonly room: string;
  readonly name: string;
  /** For servers that ask for one. */
  readonly token: string | undefined;
}

/**
 * Reads the page's own address: the server is at its origin, `?room=` and `?name=` say the rest. A token stands behind `#`, in
 * `#token=`: what stands there isn't sent to any server.
 * @param roll from 0 to 1, for a name where none is given
 */
export function readAddress(href: string, roll: number): Address {
  const url = new URL(href);
  const protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const given = (key: string, most: number) => plainText(url.searchParams.get(key) ?? "", most);
  return {
    server: `${protocol}//${url.host}/skein`,
    room: given("room", 128) || "demo",
    name:
      given("name", 64) ||
      `browser-${Math.floor(roll * 36 ** 3)
        .toString(36)
        .padStart(3, "0")}`,
    token: new URLSearchParams(url.hash.slice(1)).get("token") ?? undefined,
  };
}
