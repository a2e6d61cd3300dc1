import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import puppeteer, { type Browser } from "puppeteer-core";

// A process that opens a browser where it runs, and tells how its one peer is linked. Lines come in: an address to open, or nothing to ask
// again. It is started with the browser's name, and the certificate that the browser is to trust.

const [name, authority] = process.argv.slice(2) as ["chromium" | "firefox", string];
const folder = mkdtempSync(join(tmpdir(), "skein-visitor-"));

function trust(database: string): void {
  mkdirSync(database, { recursive: true });
  const certutil = (...args: readonly string[]) => execFileSync("certutil", [...args, "-d", `sql:${database}`]);
  certutil("-N", "--empty-password");
  certutil("-A", "-n", "trial", "-t", "C,,", "-i", authority);
}

function launch(): Promise<Browser> {
  if (name === "chromium") {
    trust(join(folder, ".pki/nssdb"));
    const args = ["--no-sandbox", "--disable-gpu", "--disable-features=WebRtcHideLocalIpsWithMdns"];
    const env = { ...process.env, HOME: folder };
    return puppeteer.launch({ executablePath: "/usr/bin/chromium", args, env });
  }
  trust(join(folder, "profile"));
  return puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    userDataDir: join(folder, "profile"),
    env: { ...process.env, HOME: folder },
    extraPrefsFirefox: { "media.peerconnection.ice.obfuscate_host_addresses": false },
  });
}

async function open(browser: Browser, address: string): Promise<void> {
  const page = (await browser.pages())[0] ?? (await browser.newPage());
  // To the address where it is, with something behind "#", would be no way.
  await page.goto("about:blank");
  await page.goto(address);
}

/** How the one peer is linked, as the page shows it. */
async function linked(browser: Browser): Promise<string> {
  const page = (await browser.pages()).at(-1);
  const row = '#peer-rows [data-state="connected"]';
  const isTold = (selector: string) => /direct|relay/.exec(document.querySelector(selector)?.textContent ?? "")?.[0];
  const told = await page?.waitForFunction(isTold, { timeout: 60_000 }, row);
  return String(await told?.jsonValue());
}

const browser = await launch();
for await (const line of createInterface({ input: process.stdin })) {
  try {
    if (line !== "") await open(browser, line);
    console.log(JSON.stringify({ linked: await linked(browser) }));
  } catch (error) {
    console.log(JSON.stringify({ failure: String(error) }));
  }
}
await browser.close();
rmSync(folder, { recursive: true, force: true });
