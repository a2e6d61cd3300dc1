import { createHash } from "node:crypto";
import { joinRoom } from "@skein/client";
import { artifactsProtocol, createArtifacts } from "@skein/coordination";
import { createFileStore } from "@skein/coordination/node";
import { blocksOf } from "./content.ts";

// Keeps artifacts in a folder, in a process of its own that can be killed: `artifact-agent.ts SERVER FOLDER`. Told to, it puts or fetches one, and
// tells how that went.
const [server = "", folder = ""] = process.argv.slice(2);
const room = await joinRoom({ server, room: "lab", protocols: [artifactsProtocol] });
const store = await createFileStore(folder);
const artifacts = await createArtifacts(room, { store, quotaBytes: 4 * 1024 ** 3 });

const peakMiB = () => Math.round(process.resourceUsage().maxRSS / 1024);

async function sha256(id: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of artifacts.read(id)) hash.update(chunk);
  return hash.digest("hex");
}

async function fetch(id: string): Promise<object> {
  const startedMs = performance.now();
  await artifacts.fetch(id, { onProgress: ({ bytes, holders }) => process.send?.({ bytes, holders: holders.length }) });
  const seconds = (performance.now() - startedMs) / 1_000;
  return { fetched: id, seconds, peakMiB: peakMiB(), sha256: await sha256(id) };
}

async function put(bytes: number): Promise<object> {
  const { id } = await artifacts.put(blocksOf(bytes));
  return { put: id, peakMiB: peakMiB() };
}

process.on("message", (order: { readonly put?: number; readonly fetch?: string }) => {
  const work = order.put === undefined ? fetch(order.fetch ?? "") : put(order.put);
  work.then(
    (told) => process.send?.(told),
    (error) => process.send?.({ failed: String(error) }),
  );
});
artifacts.on("holder-dropped", ({ holder, reason }) => process.send?.({ dropped: holder, reason }));
artifacts.on("fetched", ({ counts }) => process.send?.({ counts }));
process.send?.({ ready: room.id });
// Whoever started it is gone.
process.on("disconnect", () => process.exit());
