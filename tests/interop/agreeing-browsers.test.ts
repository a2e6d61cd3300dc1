import { once } from "node:events";
import { createServer, type SkeinServer } from "@skein/server";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { AgreeingPageMethods } from "./support/agreeing-page.ts";
import { AgreeingProcess } from "./support/agreeing-process.ts";
import { type BrowserName, bundle, launch, servePage } from "./support/browsers.ts";

/** Of five members the first is a page in Chromium, the second one in Firefox, and three are processes of Node. */
const members = 5;

/** A page in a browser of its own, which can be killed as a process can. */
class PageMember {
  readonly #browser: Browser;
  readonly #page: Page;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.#page = page;
  }

  static async open(engine: BrowserName, url: string): Promise<PageMember> {
    const browser = await launch(engine);
    const page = await browser.newPage();
    await page.goto(url);
    return new PageMember(browser, page);
  }

  ask<Method extends keyof AgreeingPageMethods>(
    method: Method,
    ...args: Parameters<AgreeingPageMethods[Method]>
  ): ReturnType<AgreeingPageMethods[Method]> {
    return this.#page.evaluate(
      (name, parameters) => {
        type Methods = Record<string, (...args: unknown[]) => unknown>;
        return (globalThis as unknown as { agreeing: Methods }).agreeing[name]?.(...parameters);
      },
      method as string,
      args as unknown[],
    ) as ReturnType<AgreeingPageMethods[Method]>;
  }

  /** No goodbye of any kind. */
  async kill(): Promise<void> {
    const child = this.#browser.process();
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
}

let site: Awaited<ReturnType<typeof servePage>>;
let server: SkeinServer;
let chromium: PageMember;
let firefox: PageMember;
let processes: AgreeingProcess[] = [];
beforeAll(async () => {
  site = await servePage(await bundle(new URL("./support/agreeing-page.ts", import.meta.url)));
});
afterAll(() => site.close());
beforeEach(async () => {
  server = await createServer({ port: 0 });
  chromium = await PageMember.open("chromium", site.url);
  firefox = await PageMember.open("firefox", site.url);
  processes = [3, 4, 5].map((number) => new AgreeingProcess(server.url, number, members, "from the start"));
  await Promise.all([chromium.ask("join", server.url, 1, members), firefox.ask("join", server.url, 2, members)]);
  await Promise.all([chromium.ask("follows", 1), firefox.ask("follows", 1), ...processes.map(following(1))]);
});
afterEach(async () => {
  for (const each of processes) each.kill();
  await Promise.all([chromium?.kill(), firefox?.kill()]);
  await server.close();
});

const following = (number: number) => (member: AgreeingProcess) =>
  member.until(({ leader }) => leader?.leader === number);

/** What it took, for people: no test holds it against anything. */
function tell(what: string, sinceMs: number): void {
  process.stdout.write(`${what} ${Math.round(performance.now() - sinceMs)} ms after it was killed\n`);
}

it("a page that leads is killed, and another page leads; that one is killed, and a process does", async () => {
  let sinceMs = performance.now();
  await chromium.kill();
  await Promise.all([firefox.ask("follows", 2), ...processes.map(following(2))]);
  tell("Firefox leads after Chromium,", sinceMs);
  sinceMs = performance.now();
  await firefox.kill();
  await Promise.all(processes.map(following(3)));
  tell("Node leads after Firefox,", sinceMs);
  const terms = processes.map(({ leader }) => leader?.term);
  expect(new Set(terms).size).toBe(1);
});

it("a page's vote is decided though a process and a page are killed meanwhile", async () => {
  const outcome = firefox.ask("vote");
  processes[0]?.kill();
  await chromium.kill();
  expect(await outcome).toBe("accepted");
});

it("the lock of a page that is killed goes to the next, under a later token", async () => {
  const next = processes[2] as AgreeingProcess;
  const held = ({ lines }: AgreeingProcess) => lines.find((line) => line.held !== undefined)?.held;
  const before = await firefox.ask("lock");
  next.say("lock");
  const sinceMs = performance.now();
  await firefox.kill();
  await next.until((member) => held(member) !== undefined);
  tell("the next holds the lock of Firefox,", sinceMs);
  expect((held(next) ?? "") > before).toBe(true);
});
