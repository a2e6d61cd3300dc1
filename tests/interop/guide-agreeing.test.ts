import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createServer } from "@skein/server";
import { afterEach, beforeEach, expect, it } from "vitest";

const run = promisify(execFile);

/** A folder below this one, so that the packages are found by their names. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(fileURLToPath(new URL(".", import.meta.url)), ".guide-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** The guide's snippets in one program, with what an app has of its own: what it drives, shows, writes to, and decides. */
function programOf(snippets: readonly string[], server: string): string {
  const isImport = (line: string) => line.startsWith("import ");
  const lines = snippets.map((snippet) => snippet.split("\n"));
  const imports = lines.flatMap((each) => each.filter(isImport));
  const [setUp, leader, store, fence, lock, vote, verify] = lines.map((each) =>
    each.filter((line) => !isImport(line)).join("\n"),
  );
  return `
import { readFile, writeFile } from "node:fs/promises";
import { createIdentity, defineProtocol, request } from "@skein/client";
${imports.join("\n")}
const [server, identity, isController] = [${JSON.stringify(server)}, createIdentity(), true];
const index = defineProtocol("lab.index", "1.0.0", { write: request((body) => body, (reply) => reply) });
const drive = (token) => console.log("drives", token.length);
const stop = () => console.log("stops");
const show = (id) => console.log("shows", id === room.id ? "us" : "nobody");
const rebuild = async ({ token, signal }) => console.log("rebuilds", token.startsWith(election.token), signal.aborted);
const isFit = (keeper) => keeper === room.id;
const apply = ({ keeper }) => console.log("applies", keeper === room.id);
const file = { write: (text) => console.log("writes", text) };
const { signal } = new AbortController();
${setUp?.replace("protocols: [", "protocols: [index, ")}
${leader}
await election.whenLed();
{
${store}
await store.save({ term: 3, votedFor: room.id });
console.log("remembers", (await store.load()).term);
}
${fence}
const client = await joinRoom({ server, room: "lab", protocols: [index] });
await new Promise((resolve) => client.on("peer-connected", resolve));
const token = election.token;
await client.request(room.id, index.write, { token, text: "one" });
fence.admit("9");
await client.request(room.id, index.write, { token, text: "two" }).catch(({ code }) => console.log("refuses", code));
await client.leave();
{
${lock}
}
${vote}
console.log(end, ballots.size, missing.size);
const electorate = [room.id];
${verify}
for (const part of [votes, locks, election]) await part.close();
await room.leave();
`;
}

it("the guide's snippets run: one leads, keeps who is late out, holds the lock, and is voted for", async () => {
  const text = await readFile(new URL("../../docs/guide/agreeing.md", import.meta.url), "utf8");
  const snippets = [...text.matchAll(/^ *```js\n(.*?)```/gms)].map(([, code]) => code as string);
  expect(snippets).toHaveLength(7);
  await using server = await createServer({ port: 0 });
  const program = join(folder, "agreeing.mjs");
  await writeFile(program, programOf(snippets, server.url));
  const { stdout } = await run(process.execPath, [program], { cwd: folder, timeout: 60_000 });
  expect(stdout.trim().split("\n")).toEqual([
    "shows us",
    expect.stringMatching(/^drives \d+$/),
    "remembers 3",
    "writes one",
    "refuses handler-failed",
    "rebuilds true false",
    "accepted 1 0",
    "applies true",
    "stops",
    "shows nobody",
  ]);
});
