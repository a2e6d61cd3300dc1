import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch } from "./support/browsers.ts";

// The page that `skein demo` serves, used as a person would: through what it shows.

const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));
const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 900 };

let folder: string;
let demo: Demo;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-page-test-"));
  // So many that each agent's part has some.
  for (let i = 0; i < 30; i++)
    await writeFile(join(folder, `note-${i}.md`), `# Note ${i}\n\nThe heron stands still.\n`);
  // A name and a line that fit no phone.
  await writeFile(join(folder, `${"wading-bird-".repeat(10)}.md`), `${"heron".repeat(80)}\n`);
  demo = await Demo.start(folder);
});

afterAll(async () => {
  await demo?.stop();
  await rm(folder, { recursive: true });
});

describe.each(["chromium", "firefox"] as const)("the demo's page in %s", (browserName) => {
  let browser: Browser;
  let page: VisitedPage;

  beforeAll(async () => {
    browser = await launch(browserName);
    page = await VisitedPage.open(browser, `${demo.pageUrl}?name=${browserName}`);
  });
  afterAll(() => browser?.close());

  it("links to all three agents, and to the terminal", async () => {
    await page.shows(() => document.querySelectorAll('#peer-rows [data-state="connected"]').length === 4);
    expect(await page.textsOf(".peer-name")).toEqual(expect.arrayContaining([...demo.agents]));
    const paths = await page.textsOf("#peer-rows td:nth-child(2)");
    expect(paths).toEqual(["direct", "direct", "direct", "direct"]);
    await demo.heard((event) => event.event === "peer-connected" && event.peer?.name === browserName);
  });

  it("shows whom the agents elected, and who keeps the index", async () => {
    await page.shows(() => {
      const names = ["leader-name", "keeper-name"].map((id) => document.getElementById(id)?.textContent ?? "");
      return document.getElementById("offices")?.hidden === false && names.every((name) => /^\w+$/.test(name));
    });
    for (const name of await page.textsOf("#offices dd")) expect(demo.agents).toContain(name);
  });

  it("searches all of them", async () => {
    await page.search("heron");
    await page.shows(() => document.querySelectorAll('.group[data-phase="answered"] .line').length > 0);
    await page.shows(() => document.querySelectorAll('.group[data-phase="answered"]').length === 3);
    for (const name of await page.textsOf(".group-name")) expect(demo.agents).toContain(name);
    expect(await page.countOf(".group:not(:has(.line mark))")).toBe(0);
  });

  it("fetches a file and checks it", async () => {
    const [file = ""] = await page.textsOf(".file .path");
    await page.click(".file .file-head button");
    await page.shows(() => document.querySelector(".transfer[data-phase=done] a[download][href^='blob:']") !== null);
    const [state] = await page.textsOf(".transfer-state");
    expect(state).toContain(artifactId(await readFile(join(folder, file))).slice(0, 12));
  });

  it("shares a file that agents find and fetch", async () => {
    const text = `The kestrel hovers over ${browserName}.\n`;
    const own = await mkdtemp(join(tmpdir(), "skein-page-share-"));
    try {
      await writeFile(join(own, "kestrel.md"), text);
      await page.share(join(own, "kestrel.md"));
      await page.shows(() => document.querySelector("#share .file-row .path")?.textContent === "kestrel.md");

      const { hits } = await demo.ask({ op: "find", words: "kestrel" });
      expect(hits).toEqual([expect.objectContaining({ file: "kestrel.md", line: 1, name: browserName })]);
      const downloads = join(own, "downloads");
      const got = await demo.ask({ op: "get", file: "kestrel.md", to: downloads });
      expect(got).toMatchObject({ event: "got", from: [{ name: browserName }], sha256: sha256(text), verified: true });
      expect(await readFile(join(downloads, "kestrel.md"), "utf8")).toBe(text);
    } finally {
      await rm(own, { recursive: true });
    }
  });

  it.each([
    ["a phone's", phone],
    ["a desktop's", desktop],
  ])("scrolls nothing sideways at %s width", async (_whose, viewport) => {
    await page.resize(viewport);
    expect(await page.countOf(".file"), "with results").toBeGreaterThan(0);
    expect(await page.countOf(".transfer"), "with a fetched file").toBeGreaterThan(0);
    expect(await page.sideways()).toEqual([]);
  });

  it("keeps to its content security policy, and fails at nothing", async () => {
    expect(await page.violations()).toEqual([]);
    expect(page.complaints).toEqual([]);
    // That silence would be broken: an inline script is against the policy.
    await page.addInlineScript();
    await page.shows(() => (globalThis as unknown as Watched).violations.length === 1);
  });

  it("has left as soon as it is loaded anew", async () => {
    const left = demo.heard((event) => event.event === "peer-left" && event.peer?.name === browserName);
    await page.reload();
    // Not "lost", as whoever falls silent is in the end. Firefox closes the socket before the page can say a word.
    expect(await left).toMatchObject({ reason: "left" });
  });
});

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Of an artifact of one chunk: docs/spec/artifacts.md. */
function artifactId(content: Uint8Array): string {
  const head = Buffer.alloc(12);
  head.writeBigUInt64BE(BigInt(content.length));
  head.writeUInt32BE(256 * 1024, 8);
  const hash = createHash("sha256").update(content).digest();
  return createHash("sha256").update("skein/1 artifact\0").update(head).update(hash).digest("hex");
}

/** What the page keeps for this test. */
interface Watched {
  violations: string[];
}

/** A page in a browser, and what went wrong in it. */
class VisitedPage {
  /** Errors that weren't caught, and what was written to the console as one. */
  readonly complaints: string[] = [];
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (entry) => {
      if (entry.type() === "error" || entry.type() === "warn") this.complaints.push(entry.text());
    });
  }

  static async open(browser: Browser, url: string): Promise<VisitedPage> {
    const page = await browser.newPage();
    const visited = new VisitedPage(page);
    // Not every browser writes what its policy forbids to the console.
    await page.evaluateOnNewDocument(() => {
      const violations: string[] = [];
      (globalThis as unknown as Watched).violations = violations;
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
        violations.push(`${violatedDirective} ${blockedURI}`),
      );
    });
    await page.setViewport(desktop);
    await page.goto(url);
    return visited;
  }

  /** Waits until that is true in the page. */
  async shows(condition: () => boolean): Promise<void> {
    await this.#page.waitForFunction(condition, { timeout: 60_000 });
  }

  textsOf(selector: string): Promise<string[]> {
    return this.#page.$$eval(selector, (elements) => elements.map(({ textContent }) => textContent ?? ""));
  }

  countOf(selector: string): Promise<number> {
    return this.#page.$$eval(selector, ({ length }) => length);
  }

  async search(words: string): Promise<void> {
    await this.#page.type("#search-words", words);
    await this.#page.keyboard.press("Enter");
  }

  async click(selector: string): Promise<void> {
    await this.#page.click(selector);
  }

  async share(file: string): Promise<void> {
    const picker = await this.#page.$("input#share-picker");
    await picker?.uploadFile(file);
  }

  async resize(viewport: { width: number; height: number }): Promise<void> {
    await this.#page.setViewport(viewport);
    await this.#page.waitForFunction((width) => innerWidth === width, {}, viewport.width);
  }

  /** What can be scrolled sideways. */
  sideways(): Promise<string[]> {
    return this.#page.evaluate(() =>
      [...document.querySelectorAll("*")]
        .filter((element) => {
          const isPage = element === document.scrollingElement;
          const canScroll = /auto|scroll/.test(getComputedStyle(element).overflowX);
          return (isPage || canScroll) && element.scrollWidth > element.clientWidth;
        })
        .map(({ tagName, id, className }) => `${tagName} ${id} ${String(className)}`),
    );
  }

  violations(): Promise<string[]> {
    return this.#page.evaluate(() => (globalThis as unknown as Watched).violations);
  }

  async addInlineScript(): Promise<void> {
    await this.#page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "0";
      document.body.append(script);
    });
  }

  async reload(): Promise<void> {
    await this.#page.reload();
  }
}

/** What these tests read of a line that the demo writes. */
interface DemoEvent {
  readonly event: string;
  readonly id?: string | number;
  readonly page?: string;
  readonly agents?: unknown;
  readonly peer?: { readonly name?: string };
  readonly hits?: readonly unknown[];
}

/** `skein demo --json`: lines in and out. */
class Demo {
  readonly #process: ChildProcess;
  readonly #events: DemoEvent[] = [];
  readonly #listeners = new Set<() => void>();
  #asked = 0;
  #complaint = "";
  pageUrl = "";
  agents: readonly string[] = [];

  private constructor(path: string) {
    this.#process = spawn(process.execPath, [skein, "demo", path, "--json", "--port", "0"]);
    const tell = (): void => {
      for (const listener of this.#listeners) listener();
    };
    this.#process.stderr?.on("data", (bytes: Buffer) => {
      this.#complaint += bytes.toString();
    });
    this.#process.once("exit", tell);
    createInterface({ input: this.#process.stdout as Readable }).on("line", (line) => {
      this.#events.push(JSON.parse(line) as DemoEvent);
      tell();
    });
  }

  static async start(path: string): Promise<Demo> {
    const demo = new Demo(path);
    const { page = "", agents } = await demo.heard(({ event }) => event === "ready");
    demo.pageUrl = page;
    demo.agents = (agents as { name: string }[]).map(({ name }) => name);
    return demo;
  }

  /** The first event of that kind, heard already or to come. */
  heard(matches: (event: DemoEvent) => boolean): Promise<DemoEvent> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.#events.find(matches);
        if (found !== undefined) resolve(found);
        else if (this.#process.exitCode !== null) reject(new Error(`The demo has ended. ${this.#complaint}`));
        else return;
        this.#listeners.delete(look);
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** Has something done; gives the answer. */
  ask(operation: Readonly<Record<string, unknown>>): Promise<DemoEvent> {
    const id = `page-test-${++this.#asked}`;
    this.#process.stdin?.write(`${JSON.stringify({ ...operation, id })}\n`);
    const isOnTheWay = ({ event }: DemoEvent) => event === "getting" || event === "progress";
    return this.heard((event) => event.id === id && !isOnTheWay(event));
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.stdin?.end();
    await ended;
  }
}
