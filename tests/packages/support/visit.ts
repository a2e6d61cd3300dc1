import type { launch } from "../../interop/support/browsers.ts";

export type Browser = Awaited<ReturnType<typeof launch>>;

export interface Visit {
  /** What the app shows in the end. */
  readonly answer: string;
  /** What the console, the page's errors, its requests and its content security policy said meanwhile. */
  readonly complaints: readonly string[];
}

/** Opens an app's page, and waits until it shows an answer or complains. */
export async function visit(browser: Browser, url: string): Promise<Visit> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  const complained = new Promise<string>((resolve) => {
    const complain = (text: string): void => {
      complaints.push(text);
      resolve("");
    };
    page.on("pageerror", (error) => complain(String(error)));
    page.on("console", (entry) => /^(error|warn|assert)/.test(entry.type()) && complain(entry.text()));
    page.on("requestfailed", (request) => complain(`${request.url()}: ${request.failure()?.errorText}`));
    page.on("response", (response) => response.status() >= 400 && complain(`${response.url()}: ${response.status()}`));
  });
  await page.goto(url);
  const shown = page.waitForFunction(() => document.querySelector("#answer")?.textContent, { timeout: 30_000 });
  const answer = shown.then((handle) => handle.jsonValue() as Promise<string>);
  const first = await Promise.race([answer, complained]);
  await context.close();
  answer.catch(() => {});
  return { answer: first, complaints };
}
