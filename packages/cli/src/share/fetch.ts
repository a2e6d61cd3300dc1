import { access, link, rename, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { joinRoom, type Room } from "@skein/client";
import {
  type Artifact,
  type ArtifactStore,
  artifactBytesMost,
  artifactsProtocol,
  createArtifacts,
} from "@skein/coordination";
import { createFileStore } from "@skein/coordination/node";
import { SkeinError } from "@skein/protocol";
import { explainDisk } from "../files/disk.js";
import { makeFolder } from "../files/make-folder.js";
import { targetPath } from "../files/target.js";
import { joinOptionsOf, type RoomOptions } from "../join/room-options.js";
import { keepHeapSmall } from "../process/small-heap.js";
import { listenForStop } from "../process/stop.js";
import { failure } from "../stdio/envelope.js";
import { createEventWriter } from "../stdio/event-writer.js";
import { endOf } from "../transfer/session-end.js";
import { createFetchingEvents, createFetchingLines, type FetchingView } from "./fetching-view.js";

export interface FetchCommandOptions extends RoomOptions {
  readonly room: string;
  readonly output: string;
  readonly as?: string;
  readonly overwrite?: boolean;
  /** In seconds. */
  readonly wait: number;
  readonly json?: boolean;
}

const stopped = "Stopped before all was there: the same command again goes on from there.";

/**
 * Fetches an artifact from a room into a file.
 * @throws {SkeinError}
 */
export async function fetchArtifact(id: string, options: FetchCommandOptions): Promise<void> {
  keepHeapSmall();
  using stop = listenForStop();
  const output = createEventWriter(process.stdout, () => {});
  using view = options.json ? createFetchingEvents(output) : createFetchingLines();
  try {
    const join = joinOptionsOf(options.room, options);
    await checkName(options);
    await using room = await joinRoom({ ...join, protocols: [artifactsProtocol], signal: stop.signal });
    view.joined(room);
    await fetchInto(room, id, options, view, endOf(room, stop.signal, stopped)).finally(() => tidy(options));
  } catch (error) {
    if (options.json) output.write(failure(undefined, error));
    throw error;
  }
}

/** A name that can't be had is better refused before anything is fetched. */
async function checkName({ output, as, overwrite = false }: FetchCommandOptions): Promise<void> {
  if (as === undefined) return;
  const path = targetPath(output, as);
  if (!overwrite && (await isThere(path))) throw inTheWay(path);
}

async function fetchInto(
  room: Room,
  id: string,
  options: FetchCommandOptions,
  view: FetchingView,
  end: AbortSignal,
): Promise<void> {
  const parts = partsOf(options);
  const store = await openStore(parts);
  await using artifacts = await createArtifacts(room, { store, quotaBytes: 2 * artifactBytesMost });
  artifacts.on("holder-dropped", ({ holder, reason }) => view.dropped(room.peers.get(holder), holder, reason));
  const startMs = performance.now();
  const fetched = artifacts.fetch(id, {
    signal: end,
    nobodyMs: options.wait * 1_000,
    onProgress: ({ bytes, totalBytes, holders }) => view.progress(bytes, totalBytes, holders.length),
  });
  // Why it ended is better said than that it did.
  const artifact = await fetched.catch((error: unknown) => {
    throw end.aborted ? end.reason : error;
  });
  const path = await targetOf(artifact, options);
  await place(join(parts, `${artifact.id}.data`), path, options.overwrite ?? false);
  await artifacts.remove(id);
  view.done(artifact, path, performance.now() - startMs);
}

function partsOf({ output }: FetchCommandOptions): string {
  return join(output, ".skein-artifacts");
}

/** Leaves nothing behind but what another fetch goes on from. */
async function tidy(options: FetchCommandOptions): Promise<void> {
  await rmdir(partsOf(options)).catch(() => {});
}

async function openStore(parts: string): Promise<ArtifactStore> {
  try {
    await makeFolder(parts);
    return await createFileStore(parts);
  } catch (error) {
    throw explainDisk(error, parts, "written");
  }
}

/** Where it goes. Its holder's word for it is a name, not a way. */
async function targetOf({ id, meta }: Artifact, { output, as }: FetchCommandOptions): Promise<string> {
  const given = (meta as { name?: unknown } | undefined)?.name;
  const name = as ?? (typeof given === "string" ? given.split("/").at(-1) : undefined);
  return targetPath(output, name === undefined || name === "" ? id : name);
}

/** Gives the content its name: all of it or nothing, and nothing over another file unless that is wanted. */
async function place(from: string, path: string, overwrite: boolean): Promise<void> {
  try {
    if (overwrite) return await rename(from, path);
    // Unlike a rename, a link doesn't replace.
    await link(from, path);
  } catch (error) {
    if (!overwrite && (await isThere(path))) throw inTheWay(path);
    // Some disks have no links.
    if (!overwrite)
      return await rename(from, path).catch((cause: unknown) => Promise.reject(explainDisk(cause, path, "written")));
    throw explainDisk(error, path, "written");
  }
}

function inTheWay(path: string): SkeinError {
  return new SkeinError("bad-argument", `${path} is there already: use --overwrite, or --as another name.`);
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
