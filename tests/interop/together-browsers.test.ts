import { joinRoom } from "@skein/client";
import {
  artifactsProtocol,
  createArtifacts,
  createPresence,
  createTasks,
  presenceProtocol,
  tasksProtocol,
} from "@skein/coordination";
import { createServer } from "@skein/server";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { bundle, launch, servePage } from "./support/browsers.ts";

let site: Awaited<ReturnType<typeof servePage>>;
let server: Awaited<ReturnType<typeof createServer>>;
let browser: Browser | undefined;
beforeAll(async () => {
  site = await servePage(await bundle(new URL("./support/holder-page.ts", import.meta.url)));
});
afterAll(() => site.close());
beforeEach(async () => {
  server = await createServer({ port: 0 });
});
afterEach(async () => {
  await browser?.close();
  await server.close();
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

it.each(["chromium", "firefox"] as const)(
  "a page in %s does tasks for Node, and gives from IndexedDB after a reload what it had before",
  async (engine) => {
    const bytes = 3_000_001;
    const content = Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + (index >>> 12)) & 255);
    browser = await launch(engine);
    const page = await browser.newPage();
    await page.goto(site.url);
    expect(await ask(page, "join", server.url)).toEqual([]);
    const id = await ask<string>(page, "put", bytes);
    await page.reload();
    expect(await ask(page, "join", server.url)).toEqual([id]);

    const protocols = [presenceProtocol, tasksProtocol, artifactsProtocol];
    await using room = await joinRoom({ server: server.url, room: "lab", protocols });
    await using presence = createPresence(room);
    await using tasks = createTasks(room, { presence });
    await using artifacts = await createArtifacts(room);
    expect(await tasks.delegate({ name: "double", input: 21, nobodyMs: 30_000 })).toBe(42);
    await artifacts.fetch(id);
    expect(Buffer.compare(await artifacts.bytes(id), content)).toBe(0);

    const { id: other } = await artifacts.put(content.subarray(1));
    expect(await ask(page, "fetch", other)).toBe(bytes - 1);
    await ask(page, "leave");
  },
);
