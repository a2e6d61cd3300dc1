import { bundle, launch, servePage } from "../../../tests/interop/support/browsers.ts";
import type { Bench } from "../bench.ts";
import { openings, type Quantity, type RemoteSide, startMeetingPlaces } from "../open/meet.ts";
import { openRows } from "../open/rows.ts";
import type { SideMethods } from "../open/side.ts";

type Browser = Awaited<ReturnType<typeof launch>>;

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
      const pages = await servePage(await bundle(new URL("../open/page.ts", import.meta.url)));
      resources.defer(() => pages.close());
      const browser = await launch("chromium");
      resources.defer(() => browser.close());
      const side = () => openSide(browser, pages.url);
      return {
        ours: openings("skein", urls.skein, await side(), await side()),
        peers: { "raw RTCPeerConnection": openings("raw", urls.raw, await side(), await side()) },
        [Symbol.asyncDispose]: () => resources.disposeAsync(),
      };
    } catch (error) {
      await resources.disposeAsync();
      throw error;
    }
  },
};

/** A page of its own, loaded. */
async function openSide(browser: Browser, url: string): Promise<RemoteSide> {
  const page = await browser.newPage();
  await page.goto(url);
  return {
    call: (method, ...args) =>
      page.evaluate(
        (name, parameters) => {
          const { side } = globalThis as unknown as { readonly side: SideMethods };
          return (side[name] as (...all: unknown[]) => unknown)(...parameters);
        },
        method,
        args as unknown[],
      ) as never,
  };
}
