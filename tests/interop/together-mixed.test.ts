import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { joinRoom } from "@skein/client";
import { createPresence, createTasks, presenceProtocol, taskCapability, tasksProtocol } from "@skein/coordination";
import { createServer } from "@skein/server";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type BrowserName, bundle, launch, servePage } from "./support/browsers.ts";
import { blocksOf } from "./support/content.ts";
import { Told } from "./support/told.ts";

// Node and browsers in one room. `SKEIN_ARTIFACT_MIB=1024` fetches so much in place of 200 MiB, and tells how long that took and how much memory.
const artifactBytes = Number(process.env.SKEIN_ARTIFACT_MIB ?? 200) * 1_048_576;
/** From the moment in which a worker is seen to be lost. */
const handOverMs = 5_000;

let site: Awaited<ReturnType<typeof servePage>>;
let server: Awaited<ReturnType<typeof createServer>>;
let base: string;
const browsers: Browser[] = [];
const children: ChildProcess[] = [];
beforeAll(async () => {
  site = await servePage(await bundle(new URL("./support/holder-page.ts", import.meta.url)));
});
afterAll(() => site.close());
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "skein-mixed-test-"));
  server = await createServer({ port: 0 });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await Promise.all(browsers.splice(0).map((browser) => browser.close().catch(() => {})));
  await server.close();
  await rm(base, { recursive: true });
});

function ask<Answer>(page: Page, method: string, ...args: unknown[]): Promise<Answer> {
  return page.evaluate(
    (name, parameters) => {
      type Methods = Record<string, (...args: unknown[]) => unknown>;
      return (globalThis as unknown as { holder: Methods }).holder[name]?.(...parameters);
    },
    method,
    args,
  ) as Promise<Answer>;
}

async function pageAgent(engine: BrowserName): Promise<{ browser: Browser; page: Page }> {
  const browser = await launch(engine);
  browsers.push(browser);
  const page = await browser.newPage();
  await page.goto(site.url);
  await ask(page, "join", server.url);
  return { browser, page };
}

type Word = Readonly<Record<string, unknown>>;

async function nodeAgent(script: string, argument: string): Promise<{ child: ChildProcess; told: Told<Word> }> {
  const child = fork(new URL(script, import.meta.url), [server.url, argument], { execArgv: [] });
  children.push(child);
  const told = new Told<Word>();
  child.on("message", (word) => told.add(word as Word));
  await told.first(({ ready }) => ready !== undefined);
  return { child, told };
}

it.each(["chromium", "firefox"] as const)(
  "a task goes from a page in %s to Node and back when its worker is killed, and a page hears that it was given up",
  async (engine) => {
    await using room = await joinRoom({
      server: server.url,
      room: "lab",
      protocols: [presenceProtocol, tasksProtocol],
    });
    await using presence = createPresence(room);
    await using tasks = createTasks(room, { presence });
    const workers = (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (presence.find({ capabilities: [taskCapability("work")] }).length === count) resolve();
        };
        for (const name of ["joined", "changed", "left"] as const) presence.on(name, look);
        look();
      });
    let seenMs = Number.POSITIVE_INFINITY;
    tasks.on("handed-over", () => {
      seenMs = performance.now();
    });
    const give = (input: string) => tasks.delegate({ name: "work", input, nobodyMs: 30_000 });

    const first = await pageAgent(engine);
    const fromPage = give("page hangs");
    await ask(first.page, "told", "begun", "page hangs");
    const node = await nodeAgent("./support/task-worker.ts", "node");
    await workers(2);
    first.browser.process()?.kill("SIGKILL");
    expect(await fromPage).toBe("node");
    expect(performance.now() - seenMs).toBeLessThan(handOverMs);

    const fromNode = give("node hangs");
    await node.told.first(({ begun }) => begun === "node hangs");
    const second = await pageAgent(engine);
    await workers(2);
    node.child.kill("SIGKILL");
    expect(await fromNode).toBe("page");
    expect(performance.now() - seenMs).toBeLessThan(handOverMs);

    const controller = new AbortController();
    const givenUp = tasks.delegate({ name: "work", input: "hang", signal: controller.signal });
    await ask(second.page, "told", "begun", "hang");
    controller.abort();
    await expect(givenUp).rejects.toMatchObject({ code: "aborted" });
    await ask(second.page, "told", "aborted", "hang");
  },
);

it("an artifact comes from a page and two processes of Node, one of which is killed in the middle", {
  timeout: 600_000,
}, async () => {
  const { page } = await pageAgent("chromium");
  const script = "./support/artifact-agent.ts";
  const holders = [await nodeAgent(script, join(base, "one")), await nodeAgent(script, join(base, "two"))];
  for (const { child } of holders) child.send({ put: artifactBytes });
  const [one, two] = await Promise.all(holders.map(({ told }) => told.first(({ put }) => put !== undefined)));
  expect(two?.put).toBe(one?.put);
  // A page's share of the disk is its browser's to say.
  if (artifactBytes < 500_000_000) expect(await ask(page, "putBlocks", artifactBytes)).toBe(one?.put);

  const asker = await nodeAgent(script, join(base, "asker"));
  asker.child.send({ fetch: one?.put });
  await asker.told.first(({ bytes }) => Number(bytes) > artifactBytes / 4);
  holders[0]?.child.kill("SIGKILL");
  const end = await asker.told.first(({ fetched, failed }) => fetched !== undefined || failed !== undefined);
  const hash = createHash("sha256");
  for (const block of blocksOf(artifactBytes)) hash.update(block);
  expect(end).toMatchObject({ fetched: one?.put, sha256: hash.digest("hex") });
  const most = Math.max(...asker.told.items.map((word) => Number(word.holders ?? 0)));
  expect(most).toBeGreaterThanOrEqual(2);
  const { seconds, peakMiB } = end as { seconds: number; peakMiB: number };
  process.stdout.write(
    `${artifactBytes} bytes in ${seconds.toFixed(1)} s, at most ${peakMiB} MiB of memory; who put them: ${one?.peakMiB} MiB\n`,
  );
});
