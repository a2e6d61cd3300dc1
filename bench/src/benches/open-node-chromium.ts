import type { Bench } from "../bench.ts";
import { Child } from "../child.ts";
import { byTurns, openings, type Quantity, startMeetingPlaces } from "../open/meet.ts";
import { openRows } from "../open/rows.ts";
import type { SideMethods, Way } from "../open/side.ts";
import { Pages } from "../pages.ts";

export const openNodeChromium: Bench<Quantity> = {
  name: "open-node-chromium",
  rounds: { full: 300, quick: 20 },
  warmUps: 6,
  timeoutMs: 30_000,
  rows: openRows("open-node-chromium", "a Node process and a page in Chromium, of which each comes second by turns"),
  async start() {
    const resources = new AsyncDisposableStack();
    try {
      const urls = await startMeetingPlaces(resources);
      const pages = resources.use(await Pages.start<SideMethods>(new URL("../open/page.ts", import.meta.url)));
      const contestant = async (way: Way) => {
        const node = resources.use(new Child<SideMethods>(new URL("../open/node-side.ts", import.meta.url)));
        const page = await pages.open();
        return byTurns(openings(way, urls[way], [node, page]), openings(way, urls[way], [page, node], "turned"));
      };
      return {
        ours: await contestant("skein"),
        peers: { "raw, both engines": await contestant("raw") },
        [Symbol.asyncDispose]: () => resources.disposeAsync(),
      };
    } catch (error) {
      await resources.disposeAsync();
      throw error;
    }
  },
};
