import type { Bench } from "../bench.ts";
import { Child } from "../child.ts";
import { openings, type Quantity, startMeetingPlaces } from "../open/meet.ts";
import { openRows } from "../open/rows.ts";
import type { SideMethods } from "../open/side.ts";

export const openNodeNode: Bench<Quantity> = {
  name: "open-node-node",
  rounds: { full: 300, quick: 30 },
  warmUps: 5,
  timeoutMs: 30_000,
  rows: openRows("open-node-node", "two Node processes"),
  async start() {
    const resources = new AsyncDisposableStack();
    try {
      const urls = await startMeetingPlaces(resources);
      const side = () => resources.use(new Child<SideMethods>(new URL("../open/node-side.ts", import.meta.url)));
      return {
        ours: openings("skein", urls.skein, [side(), side()]),
        peers: { "raw polyfill": openings("raw", urls.raw, [side(), side()]) },
        [Symbol.asyncDispose]: () => resources.disposeAsync(),
      };
    } catch (error) {
      await resources.disposeAsync();
      throw error;
    }
  },
};
