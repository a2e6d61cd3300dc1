import { SkeinError } from "@skein/protocol";
import type { Backplane } from "@skein/server";
import type { ServeOptions } from "./options.js";

/**
 * What joins this server with others, where that is told. Its client is loaded where it is used alone.
 * @throws {SkeinError} `bad-argument`
 */
export async function backplaneOf({
  backplane: url,
  backplanePrefix: prefix,
}: ServeOptions): Promise<Backplane | undefined> {
  if (url === undefined) {
    if (prefix === undefined) return undefined;
    throw new SkeinError("bad-argument", "--backplane-prefix is of no use without --backplane: give that as well.");
  }
  if (/^rediss?:/.test(url)) {
    const { connectRedis } = await import("@skein/server/redis");
    return connectRedis({ url, prefix });
  }
  if (/^(nats|tls):/.test(url)) {
    const { connectNats } = await import("@skein/server/nats");
    return connectNats({ url, prefix });
  }
  throw new SkeinError(
    "bad-argument",
    "--backplane can't be used: give redis://HOST:6379 (or rediss: for TLS) or nats://HOST:4222 (or tls:).",
  );
}
