import { type IceServer, iceUrlKind, limits, type Rejected } from "@skein/protocol";

/** What can be used of the ICE servers that a server named, and why the rest can't. */
export interface UsableIceServers {
  readonly servers: readonly IceServer[];
  /** One of each kind, however many there are. */
  readonly rejections: readonly Rejected[];
}

/**
 * A platform that is given one address that it can't read, or a TURN server without a credential, refuses to open any connection; and it
 * sends something to every address that it is given.
 *
 * Invariants: what comes out has addresses that every platform reads, {@link limits.iceUrls} of them at most, in the order they came; a
 * TURN server among them has a user name and a credential.
 */
export function usableIceServers(named: readonly IceServer[]): UsableIceServers {
  const rejections = new Map<string, Rejected>();
  const reject = (code: Rejected["code"], reason: string) => rejections.set(reason, { ok: false, code, reason });
  let left: number = limits.iceUrls;
  const servers = named.flatMap((server) => {
    const urls = server.urls.filter((url) => {
      const problem = problemOf(url, server);
      if (problem !== undefined) reject("malformed", problem);
      return problem === undefined;
    });
    const used = urls.slice(0, left);
    if (used.length < urls.length) reject("over-limit", `more than ${limits.iceUrls} addresses of ICE servers`);
    left -= used.length;
    return used.length === 0 ? [] : [{ ...server, urls: used }];
  });
  return { servers, rejections: [...rejections.values()] };
}

/** Without its text: that may hold anything. */
function problemOf(url: string, { username, credential }: IceServer): string | undefined {
  const kind = iceUrlKind(url);
  if (kind === undefined) return "an address that is no ICE server's";
  return kind === "turn" && !(username && credential) ? "a TURN server without user name and credential" : undefined;
}
