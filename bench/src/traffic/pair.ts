import type { Contestant } from "../bench.ts";
import type { Callable } from "../callable.ts";
import type { Cargo } from "./cargo.ts";
import type { EndMethods } from "./end.ts";
import type { Place } from "./line.ts";

/** The two ends of an open line, each elsewhere. */
export interface Pair {
  readonly cargo: Cargo;
  readonly host: Callable<EndMethods>;
  readonly newcomer: Callable<EndMethods>;
}

export async function openPair(
  place: Omit<Place, "role">,
  [host, newcomer]: readonly [Callable<EndMethods>, Callable<EndMethods>],
): Promise<Pair> {
  await host.call("open", { ...place, role: "host" });
  await newcomer.call("open", { ...place, role: "newcomer" });
  await Promise.all([host.call("opened"), newcomer.call("opened")]);
  return { cargo: place.cargo, host, newcomer };
}

/** Messages in a second, of so many sent as fast as they are taken. */
export function messageRate({ host, newcomer }: Pair, total: number): Contestant<"perSecond"> {
  return {
    async sample() {
      await host.call("count", total);
      const elapsedMs = await newcomer.call("send", total);
      return { perSecond: (1_000 * total) / elapsedMs };
    },
  };
}

/** Megabytes (of 1,000,000 bytes) in a second, of so many bytes in blocks. */
export function bulkRate(pair: Pair, totalBytes: number): Contestant<"megabytesPerSecond"> {
  if (pair.cargo.kind !== "block") throw new Error("Bulk goes in blocks.");
  const { bytes } = pair.cargo;
  const blocks = messageRate(pair, totalBytes / bytes);
  return {
    async sample() {
      const { perSecond } = await blocks.sample();
      return { megabytesPerSecond: (Number(perSecond) * bytes) / 1_000_000 };
    },
  };
}

/** Round trips, one after the other, so many in a sample. */
export function roundTrips({ host, newcomer }: Pair, total: number): Contestant<"roundTripMs"> {
  return {
    async sample() {
      await host.call("echo");
      return { roundTripMs: await newcomer.call("roundTrips", total) };
    },
  };
}
