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

const engines = ["node-datachannel", "chromium", "firefox"] as const;
type EngineName = (typeof engines)[number];

/** Runs a case, and gives what it failed with. */
type RunCase = (name: string) => Promise<string | undefined>;

let script: { url: string; close(): Promise<void> };
const browsers: Browser[] = [];
beforeAll(async () => {
  script = await servePage(await bundle(new URL("./support/contract-page.ts", import.meta.url)));
  // Cases do little but wait: the engines go through them side by side, and the tests tell what came of them.
  for (const engine of engines) void runAll(engine);
});
afterAll(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  await script.close();
});

describe.each(engines)("the contract of engines on %s", (engine) => {
  it.each(cases)("%s", async (name) => {
    const failure = await outcomeOf(engine, name).promise;
    const known = knownDifference(name, engine);
    const orElse = engine === "node-datachannel" ? (known?.orElse ?? known?.instead) : known?.instead;
    expect([known?.instead, orElse]).toContain(failure);
  });
});

/** How many cases of an engine run at once: what an engine never does is waited for until patience ends. */
const atOnce: Readonly<Record<EngineName, number>> = { "node-datachannel": 4, chromium: 1, firefox: 1 };

interface Outcome {
  readonly promise: Promise<string | undefined>;
  readonly settle: (running: Promise<string | undefined>) => void;
}

const outcomes = new Map<string, Outcome>();
function outcomeOf(engine: EngineName, name: string): Outcome {
  const key = `${engine}: ${name}`;
  const outcome = outcomes.get(key) ?? createOutcome();
  outcomes.set(key, outcome);
  return outcome;
}

function createOutcome(): Outcome {
  let settle: Outcome["settle"] = () => {};
  const promise = new Promise<string | undefined>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}

/** What fails to run fails the test that waits for it. */
async function runAll(engine: EngineName): Promise<void> {
  const starting = runnerOf(engine);
  const left = [...cases];
  const runSome = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const { promise, settle } = outcomeOf(engine, name);
      const one = name;
      settle(starting.then((run) => run(one)));
      await promise.catch(() => {});
    }
  };
  await Promise.all(Array.from({ length: atOnce[engine] }, runSome));
}

async function runnerOf(engine: EngineName): Promise<RunCase> {
  if (engine === "node-datachannel") return runInNode;
  const page = await pageOf(engine);
  return async (name) => {
    const run = (one: string) => (globalThis as unknown as ContractScope).runContractCase(one);
    return (await page.evaluate(run, name)) ?? undefined;
  };
}

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

async function pageOf(engine: BrowserName): Promise<Page> {
  const browser = await launch(engine);
  browsers.push(browser);
  const page = await browser.newPage();
  await page.goto(script.url);
  return page;
}
