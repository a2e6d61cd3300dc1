import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { launch } from "./support/browsers.ts";

// The examples that are whole programs, started as their README says: with `npm start`.

let browser: Browser;
const started: ChildProcess[] = [];
beforeAll(async () => {
  browser = await launch("chromium");
});
afterAll(() => browser?.close());
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, "exit");
    // npm and what it started are a group of their own.
    process.kill(-(child.pid as number), "SIGTERM");
    await ended;
  }
});

it("two browsers chat", async () => {
  const address = await addressOf(start("chat"));
  const ann = await open(`${address}?name=ann`);
  const ben = await open(`${address}?name=ben`);
  await shows(ann, "ben is here (");
  await shows(ben, "ann is here (");
  await ann.type("#text", "hello <b>ben</b>");
  await ann.keyboard.press("Enter");
  await shows(ben, "ann: hello <b>ben</b>");
  await ann.close({ runBeforeUnload: false });
  await shows(ben, "ann left");
  expect(complaints.get(ben)).toEqual([]);
});

it("React pages share a list, also with one that comes later", async () => {
  const address = await addressOf(start("react"));
  const ann = await open(address);
  const ben = await open(address);
  await shows(ben, "Others here: 1");
  await ann.type("form input", "milk");
  await ann.keyboard.press("Enter");
  await shows(ben, "milk");
  const cal = await open(address);
  await shows(cal, "milk");
  await cal.click("input[type=checkbox]");
  await lacks(ann, "milk");
  expect([ann, ben, cal].flatMap((page) => complaints.get(page))).toEqual([]);
});

it("agents search, and stand in for one that is killed", async () => {
  const found = [
    "birds:1  The heron stands still in the shallows.",
    "birds:3  Herons fish at dawn.",
    "rivers:2  Where the heron waits, the water is slow.",
    "boats:1  The ferry Heron crosses at six.",
  ];
  expect(await allLines(start("search"))).toEqual([...found, "moss is killed", ...found]);
});

it("Python programs ask each other", async () => {
  expect((await allLines(start("python"))).sort()).toEqual([
    "adder: asked for [1, 2, 39]",
    "asker: 42",
    "asker: adder is here",
    "asker: no-handler",
  ]);
});

it.skipIf(!mayMakeNetworks())(
  "a room needs no internet: two programs in a network that has none (needs root)",
  async () => {
    // A network of its own, with one address and no route.
    const offline = spawnGroup(
      "unshare",
      [
        "--net",
        "sh",
        "-c",
        "ip link add lan type veth peer name wire && ip addr add 192.168.77.5/24 dev lan && for each in lo lan wire; do ip link set $each up; done && exec npm start",
      ],
      "lan-room",
    );
    const lines = linesOf(offline);
    const [address] = /ws:\S+/.exec(await nextOf(lines, (line) => line.startsWith("On another machine"))) ?? [""];
    expect(address).toMatch(/^ws:\/\/192\.168\.77\.5:\d+\/skein$/);
    const inside = ["--net", "--target", String(offline.pid)];
    const other = spawnGroup("nsenter", [...inside, "npm", "start", "--", address, "bob"], "lan-room");
    await nextOf(linesOf(other), (line) => line.startsWith("host is here, "));
    await nextOf(lines, (line) => line.startsWith("bob is here, "));
    other.stdin?.write("hello\n");
    await nextOf(lines, (line) => line === "bob: hello");
    other.stdin?.end();
    await nextOf(lines, (line) => line === "bob left");
    offline.stdin?.end();
    await once(offline, "exit");
  },
);

function mayMakeNetworks(): boolean {
  try {
    execFileSync("unshare", ["--net", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function start(example: string): ChildProcess {
  return spawnGroup("npm", ["start"], example);
}

function spawnGroup(command: string, args: readonly string[], example: string): ChildProcess {
  const cwd = fileURLToPath(new URL(`../../examples/${example}`, import.meta.url));
  const env = { ...process.env, PORT: "0" };
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ["pipe", "pipe", "inherit"] });
  started.push(child);
  return child;
}

function linesOf(child: ChildProcess): AsyncIterator<string> {
  return createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]();
}

async function nextOf(lines: AsyncIterator<string>, matches: (line: string) => boolean): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error("It ended without that line.");
    if (matches(value)) return value;
  }
}

async function addressOf(child: ChildProcess): Promise<string> {
  const line = await nextOf(linesOf(child), (each) => each.startsWith("Open "));
  return /http:\S+/.exec(line)?.[0] ?? "";
}

/** What a program says, without npm's own lines. */
async function allLines(child: ChildProcess): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout as Readable })) lines.push(line);
  return lines.filter((line) => line !== "" && !line.startsWith("> "));
}

const complaints = new Map<Page, string[]>();

async function open(address: string): Promise<Page> {
  // Pages of one context throttle each other's timers.
  const page = await (await browser.createBrowserContext()).newPage();
  const list: string[] = [];
  complaints.set(page, list);
  page.on("pageerror", (error) => list.push(String(error)));
  page.on("console", (entry) => {
    if (entry.type() === "error" || entry.type() === "warn") list.push(entry.text());
  });
  await page.goto(address);
  return page;
}

async function shows(page: Page, text: string): Promise<void> {
  await page.waitForFunction((wanted) => (document.body.textContent ?? "").includes(wanted), { timeout: 30_000 }, text);
}

async function lacks(page: Page, text: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => !(document.body.textContent ?? "").includes(wanted),
    { timeout: 30_000 },
    text,
  );
}
