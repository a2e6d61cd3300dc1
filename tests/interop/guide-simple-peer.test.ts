import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Room } from "@skein/client";
import type { Instance } from "simple-peer";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createNodeSimplePeer } from "./support/node-simple-peer.ts";

type Guide = { startChat(peer: Instance, name: string): Promise<Room> };

/** A folder below this one, so that the packages are found by their names. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(fileURLToPath(new URL(".", import.meta.url)), ".guide-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("the guide's two ends of a simple-peer greet each other", async () => {
  const text = await readFile(new URL("../../docs/guide/simple-peer.md", import.meta.url), "utf8");
  const [, code] = /```js\n(.*?)```/s.exec(text) ?? [];
  const file = join(folder, "chat.mjs");
  await writeFile(file, code as string);
  const { startChat } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Guide;

  const [a, b] = [createNodeSimplePeer({ initiator: true }), createNodeSimplePeer({ initiator: false })];
  a.on("signal", (signal) => b.signal(signal));
  b.on("signal", (signal) => a.signal(signal));
  await Promise.all([a, b].map((peer) => new Promise<void>((resolve) => peer.once("connect", resolve))));

  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  const rooms = await Promise.all([startChat(a, "ann"), startChat(b, "bob")]);
  await vi.waitUntil(() => lines.length >= 2, { timeout: 20_000 });
  await Promise.all(rooms.map((room) => room.leave()));
  for (const peer of [a, b]) peer.destroy();
  log.mockRestore();
  expect(lines.sort()).toEqual(["ann hears bob: hello from bob", "bob hears ann: hello from ann"]);
});
