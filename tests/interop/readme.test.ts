import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { joinRoom } from "@skein/client";
import { afterEach, beforeEach, expect, it } from "vitest";

const run = promisify(execFile);
const skein = fileURLToPath(new URL("../../packages/cli/dist/esm/main.js", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));

/** A folder below this one, so that the packages are found by their names. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(here, ".readme-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function samples(file: string): Promise<string[]> {
  const text = await readFile(new URL(`../../${file}`, import.meta.url), "utf8");
  return [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code as string);
}

it("the README's two agents greet each other, and the process ends by itself", async () => {
  const [code] = await samples("README.md");
  const file = join(folder, "agents.mjs");
  await writeFile(file, code as string);
  const { stdout } = await run(process.execPath, [file], { timeout: 30_000 });
  expect(stdout.trim().split("\n").sort()).toEqual(["ann hears bob: hello from bob", "bob hears ann: hello from ann"]);
});

it("the guide's server with TURN starts, and ends", async () => {
  const [code] = await samples("docs/guide/turn.md");
  const file = join(folder, "turn.mjs");
  await writeFile(file, code as string);
  expect(await run(process.execPath, [file], { timeout: 30_000 })).toEqual({ stdout: "", stderr: "" });
});

it("the guide's stream is counted at its other end, and the process ends by itself", async () => {
  const [code] = await samples("docs/guide/streams.md");
  const file = join(folder, "streams.mjs");
  await writeFile(file, code as string);
  const { stdout } = await run(process.execPath, [file], { timeout: 30_000 });
  expect(stdout.trim()).toBe("ann sent 1000000 bytes");
});

it("the guide's statistics tell of the other agent, and the process ends by itself", async () => {
  const [code] = await samples("docs/guide/watching.md");
  const file = join(folder, "watching.mjs");
  await writeFile(file, code as string);
  const { stdout } = await run(process.execPath, [file], { timeout: 30_000 });
  expect(stdout).toMatch(/^ben direct .* bytes\/s$/m);
  expect(stdout).toContain("peer-joined peer-connected path-changed");
});

it("the guide's agents know of each other, work for each other, and share what they know", async () => {
  const expected = ['ben 0.2 {"gpu":true}', "144\n1 4 9 16 25", "0 of 12\n12 of 12\nwhat we know"];
  for (const [index, code] of (await samples("docs/guide/working-together.md")).entries()) {
    const file = join(folder, `together-${index}.mjs`);
    await writeFile(file, code);
    const { stdout } = await run(process.execPath, [file], { timeout: 60_000 });
    expect(stdout.trim()).toBe(expected[index]);
  }
});

it("the guide's messages go to one, to all, and are answered", async () => {
  const [code] = await samples("docs/guide/messages.md");
  const file = join(folder, "messages.mjs");
  await writeFile(file, code as string);
  const { stdout } = await run(process.execPath, [file], { timeout: 30_000 });
  expect(stdout.trim().split("\n")).toEqual([
    "ann changed n1: milk",
    "ann changed n1: milk, eggs",
    "1 took it; what ben has of n1",
  ]);
});

it("the guide's identity is the same the next time", async () => {
  const [code] = await samples("docs/guide/identity.md");
  const file = join(folder, "identity.mjs");
  await writeFile(file, `${code}console.log(room.id);`);
  const once = await run(process.execPath, [file], { cwd: folder, timeout: 30_000 });
  const again = await run(process.execPath, [file], { cwd: folder, timeout: 30_000 });
  expect(once.stdout).toMatch(/^true\n[\w-]{43}\n$/);
  expect(again.stdout).toBe(once.stdout);
});

it("the start's two agents meet at a server that `skein serve` runs, and leave on Ctrl-C", async () => {
  const [code] = await samples("docs/start.md");
  const file = join(folder, "agent.mjs");
  await writeFile(file, code as string);
  const serving = spawn(process.execPath, [skein, "serve", "--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const env = { ...process.env, SKEIN_SERVER: JSON.parse(await firstLine(serving)).url };
  const [ann, bob] = ["ann", "bob"].map((name) => {
    return spawn(process.execPath, [file, name], { env, stdio: ["ignore", "pipe", "inherit"] });
  }) as [ChildProcess, ChildProcess];
  const annSays = linesOf(ann);
  expect(await take(annSays, 3)).toEqual([
    "1 + 2 + 39 = 42, says bob",
    // A machine that is busy may relay for a moment.
    expect.stringMatching(/^bob is here, over the path (direct|relay)$/),
    "bob says hello from bob",
  ]);
  // Somebody who only looks, as `skein peers` does.
  const onlooker = await joinRoom({ server: env.SKEIN_SERVER, room: "lab", name: "onlooker" });
  const seen = await take(annSays, 1);
  await onlooker.leave();
  expect([...seen, ...(await take(annSays, 1))]).toEqual([
    expect.stringMatching(/^onlooker is here, over the path (direct|relay)$/),
    "onlooker left",
  ]);
  bob.kill("SIGINT");
  expect(await take(annSays, 1)).toEqual(["bob left"]);
  ann.kill("SIGINT");
  const codes = await Promise.all(
    [ann, bob].map((child) => child.exitCode ?? once(child, "exit").then(([code]) => code)),
  );
  expect(codes).toEqual([0, 0]);
  await end(serving);
});

it("the README's server introduces two of the client's README to each other", async () => {
  const [, server] = await samples("README.md");
  const [agent] = await samples("packages/client/README.md");
  const serverFile = join(folder, "server.mjs");
  await writeFile(serverFile, `${(server as string).replace("7700", "0")}\nconsole.log(server.url);`);
  const serving = spawnNode(serverFile);
  const agentFile = join(folder, "agent.mjs");
  await writeFile(agentFile, (agent as string).replace("wss://example.org/skein", await firstLine(serving)));
  const agents = [spawnNode(agentFile), spawnNode(agentFile)];
  expect(await Promise.all(agents.map(firstLine))).toEqual(["ann: hello", "ann: hello"]);
  await Promise.all([serving, ...agents].map(end));
});

function linesOf(child: ChildProcess): AsyncIterator<string> {
  return createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]();
}

/** So many lines, sorted: two programs speak at once. */
async function take(lines: AsyncIterator<string>, count: number): Promise<string[]> {
  const taken: string[] = [];
  while (taken.length < count) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`It ended after ${taken.join(" | ")}.`);
    taken.push(value);
  }
  return taken.sort();
}

function spawnNode(file: string): ChildProcess {
  return spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as Readable })) return line;
  throw new Error("it ended without a word");
}

async function end(child: ChildProcess): Promise<void> {
  child.kill();
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
