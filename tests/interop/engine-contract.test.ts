import { RTCPeerConnection as NodeConnection } from "node-datachannel/polyfill";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { knownDifference } from "../../packages/testing/src/contract/differences.ts";
import { engineContract } from "../../packages/testing/src/contract/engine-contract.ts";
import { type BrowserName, bundle, launch, servePage } from "./support/browsers.ts";
import { runRealCase } from "./support/contract.ts";

/** What can be done without a network of our own. */
const cases = engineContract.filter(({ needs }) => needs === undefined).map(({ name }) => name);

interface ContractScope {
  runContractCase(name: string): Promise<string | null>;
}

let script: { url: string; close(): Promise<void> };
beforeAll(async () => {
  script = await servePage(await bundle(new URL("./support/contract-page.ts", import.meta.url)));
});
afterAll(() => script.close());

describe("the contract of engines on node-datachannel", () => {
  it.each(cases)("%s", async (name) => {
    const known = knownDifference(name, "node-datachannel");
    expect([known?.instead, known?.orElse ?? known?.instead]).toContain(await runInNode(name));
  });
});

describe.each(["chromium", "firefox"] as const)("the contract of engines on %s", (engine) => {
  const inPage = pageOf(engine);

  it.each(cases)("%s", async (name) => {
    const failure = await (await inPage()).evaluate(
      (one) => (globalThis as unknown as ContractScope).runContractCase(one),
      name,
    );
    expect(failure ?? undefined).toBe(knownDifference(name, engine)?.instead);
  });
});

/** Trap: where both sides are libdatachannel and the machine is busy, one in some hundred good answers is refused, in these words. */
const refusedAnswer = "without ICE transport";
const triesMost = 4;

/** Runs a case in this process, and again on fresh connections where the trap had it. */
async function runInNode(name: string): Promise<string | undefined> {
  let failure: string | null = null;
  for (let tried = 0; tried < triesMost; tried++) {
    let outcome: "fair" | "trapped" = "fair";
    const Connection = class extends NodeConnection {
      override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
        try {
          await super.setRemoteDescription(description);
        } catch (error) {
          if (String(error).includes(refusedAnswer)) outcome = "trapped";
          throw error;
        }
      }
    };
    failure = await runRealCase(name, Connection as unknown as typeof RTCPeerConnection);
    if ((outcome as string) === "fair") break;
  }
  return failure ?? undefined;
}

/** A page of a browser that runs while these tests do. */
function pageOf(engine: BrowserName): () => Promise<Page> {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await launch(engine);
    page = await browser.newPage();
    await page.goto(script.url);
  });
  afterAll(() => browser.close());
  return async () => page;
}
