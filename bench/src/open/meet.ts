import type { Contestant } from "../bench.ts";
import { Child } from "../child.ts";
import type { MeasuredServer } from "../servers/measured.ts";
import type { RelayServer } from "../servers/relay.ts";
import type { SideMethods, Way } from "./side.ts";

export type Quantity = "openMs";

/** Where sides are: their methods, called from here. */
export interface RemoteSide {
  call<Name extends "wait" | "enter" | "leave">(
    method: Name,
    ...args: Parameters<SideMethods[Name]>
  ): Promise<Awaited<ReturnType<SideMethods[Name]>>>;
}

/** A real server and a bare relay, each in its process. */
export async function startMeetingPlaces(resources: AsyncDisposableStack): Promise<Record<Way, string>> {
  const server = resources.use(new Child<MeasuredServer>(new URL("../servers/skein.ts", import.meta.url)));
  const relay = resources.use(new Child<RelayServer>(new URL("../servers/relay.ts", import.meta.url)));
  const [skein, raw] = await Promise.all([server.call("listen"), relay.call("listen")]);
  return { skein, raw };
}

/** Samples of how long it takes a newcomer to hear from the one that is there. Both leave after each. */
export function openings(way: Way, url: string, host: RemoteSide, newcomer: RemoteSide): Contestant<Quantity> {
  let rooms = 0;
  return {
    async sample() {
      const meeting = { way, url, room: `room-${++rooms}` };
      await host.call("wait", meeting);
      const openMs = await newcomer.call("enter", meeting);
      await Promise.all([host.call("leave"), newcomer.call("leave")]);
      return { openMs };
    },
  };
}
