import type { Contestant } from "../bench.ts";
import type { Callable } from "../callable.ts";
import { Child } from "../child.ts";
import type { MeasuredServer } from "../servers/measured.ts";
import type { RelayServer } from "../servers/relay.ts";
import type { OpenTimes, SideMethods, Way } from "./side.ts";

export type Quantity = keyof OpenTimes;

/** A real server and a bare relay, each in its process. */
export async function startMeetingPlaces(resources: AsyncDisposableStack): Promise<Record<Way, string>> {
  const server = resources.use(new Child<MeasuredServer>(new URL("../servers/skein.ts", import.meta.url)));
  const relay = resources.use(new Child<RelayServer>(new URL("../servers/relay.ts", import.meta.url)));
  const [skein, raw] = await Promise.all([server.call("listen"), relay.call("listen")]);
  return { skein, raw };
}

/** Samples of how long it takes a newcomer to hear from the one that is there. Both leave after each. */
export function openings(
  way: Way,
  url: string,
  [host, newcomer]: readonly [Callable<SideMethods>, Callable<SideMethods>],
  roomPrefix = "room",
): Contestant<Quantity> {
  let rooms = 0;
  return {
    async sample() {
      const meeting = { way, url, room: `${roomPrefix}-${++rooms}` };
      await host.call("wait", meeting);
      const times = await newcomer.call("enter", meeting);
      await Promise.all([host.call("leave"), newcomer.call("leave")]);
      return { ...times };
    },
  };
}

/** Samples of two contestants by turns: of two of different engines, each is the newcomer in half of them. */
export function byTurns(first: Contestant<Quantity>, second: Contestant<Quantity>): Contestant<Quantity> {
  let samples = 0;
  return { sample: () => (samples++ % 2 === 0 ? first : second).sample() };
}
