import { bundle, launch, servePage } from "../../tests/interop/support/browsers.ts";
import type { Callable, Methods } from "./callable.ts";

/** Pages of one Chromium, each with the same script, which puts its methods on `globalThis.side`. */
export class Pages<Offered extends Methods> implements AsyncDisposable {
  readonly #resources = new AsyncDisposableStack();
  #openPage: () => Promise<Page> = () => Promise.reject(new Error("Start it first."));

  static async start<Offered extends Methods>(script: URL): Promise<Pages<Offered>> {
    const pages = new Pages<Offered>();
    try {
      await pages.#start(script);
    } catch (error) {
      await pages[Symbol.asyncDispose]();
      throw error;
    }
    return pages;
  }

  /** A page of its own, loaded. */
  async open(): Promise<Callable<Offered>> {
    const page = await this.#openPage();
    return {
      call: (method, ...args) =>
        page.evaluate(
          (name, parameters) => {
            const { side } = globalThis as unknown as { readonly side: Methods };
            return (side[name] as (...all: unknown[]) => unknown)(...parameters);
          },
          method,
          args as unknown[],
        ) as never,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }

  async #start(script: URL): Promise<void> {
    const served = await servePage(await bundle(script), isolation);
    this.#resources.defer(() => served.close());
    const browser = await launch("chromium");
    this.#resources.defer(() => browser.close());
    this.#openPage = async () => {
      const page = await browser.newPage();
      await page.goto(served.url);
      return page;
    };
  }
}

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof launch>>["newPage"]>>;

/** A page that is isolated from other sites has a clock of 5 µs; others have one of 100. */
const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
