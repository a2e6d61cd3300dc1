import type { Bench } from "../bench.ts";
import { openings, type Quantity, startMeetingPlaces } from "../open/meet.ts";
import { openRows } from "../open/rows.ts";
import type { SideMethods } from "../open/side.ts";
import { Pages } from "../pages.ts";

export const openChromiumChromium: Bench<Quantity> = {
  name: "open-chromium-chromium",
  rounds: { full: 100, quick: 20 },
  warmUps: 5,
  timeoutMs: 30_000,
  rows: openRows("open-chromium-chromium", "two pages of one Chromium"),
  async start() {
    const resources = new AsyncDisposableStack();
    try {
      const urls = await startMeetingPlaces(resources);
      const pages = resources.use(await Pages.start<SideMethods>(new URL("../open/page.ts", import.meta.url)));
      return {
        ours: openings("skein", urls.skein, [await pages.open(), await pages.open()]),
        peers: { "raw RTCPeerConnection": openings("raw", urls.raw, [await pages.open(), await pages.open()]) },
        [Symbol.asyncDispose]: () => resources.disposeAsync(),
      };
    } catch (error) {
      await resources.disposeAsync();
      throw error;
    }
  },
};
