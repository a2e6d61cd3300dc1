import type { AttachedPath, PathProvider, PathWorld } from "@skein/client";
import { SkeinError } from "@skein/protocol";
import { type RelayMode, startRelay } from "./core/relay-policy.js";
import { RelayPath } from "./relay-path.js";
import { UsageMeter } from "./usage-meter.js";

/** When to relay, and from which amounts on to tell of it. */
export interface RelayFallbackOptions {
  /**
   * - `fallback` (default): relayed when the direct path isn't there after {@link RelayFallbackOptions.afterMs}, fails sooner, or dies.
   * - `first`: relayed at once, until the direct path is open. The first message needs no ICE.
   * - `only`: always relayed; no direct path is tried, so no peer learns our addresses.
   * - `never`: nothing is relayed, and what a peer relays is turned away.
   */
  readonly policy?: RelayMode | "never";
  /** How long the direct path has at first, in milliseconds. Default 10,000. */
  readonly afterMs?: number;
  /** The room tells `relay-usage` when so many bytes were relayed, both ways, for all peers. Default 10 MiB, 100 MiB, 1 GiB, 10 GiB. */
  readonly warnAtBytes?: readonly number[];
}

const mebibyte = 2 ** 20;
const defaultWarnings = [10 * mebibyte, 100 * mebibyte, 1_024 * mebibyte, 10_240 * mebibyte];
const policies = ["fallback", "first", "only", "never"];

/**
 * The relay path: where no direct connection can be had, or while there is none, frames go through the server, sealed from one
 * peer to the other. An element of `joinRoom`'s `paths`; make one for each room.
 *
 * @throws {SkeinError} `bad-argument`
 * @example
 * const room = await joinRoom({ server, room: "lab", protocols: [chat], paths: [relayFallback()] });
 * room.on("relay-usage", ({ bytes }) => console.warn(`${bytes} bytes were relayed`));
 */
export function relayFallback(options: RelayFallbackOptions = {}): PathProvider {
  const { policy = "fallback", afterMs = 10_000, warnAtBytes = defaultWarnings } = options;
  if (!policies.includes(policy)) throw bad(`policy is one of ${policies.join(", ")}, not ${JSON.stringify(policy)}`);
  if (!(afterMs >= 0 && Number.isFinite(afterMs))) throw bad("afterMs is a number of milliseconds, 0 or more");
  if (!warnAtBytes.every((bytes) => bytes > 0)) throw bad("warnAtBytes are numbers of bytes, above 0");
  const meter = new UsageMeter(warnAtBytes);
  return {
    kind: "relay",
    replacesDirect: policy === "only",
    attach: (world) => (policy === "never" ? refusal(world) : new RelayPath(world, startRelay(policy, afterMs), meter)),
  };
}

/** A path that there never is. */
function refusal(world: PathWorld): AttachedPath {
  return {
    direct: () => {},
    receive: () => world.rejected({ ok: false, code: "unknown-type", reason: "a relayed frame: the policy is never" }),
    undeliverable: () => {},
    server: () => {},
    lost: () => {},
    close: () => {},
  };
}

function bad(what: string): SkeinError {
  return new SkeinError("bad-argument", `relayFallback: ${what}.`);
}
