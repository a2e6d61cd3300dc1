import { joinRoom, type PeerId, type Room } from "@skein/client";
import { type Artifacts, artifactsProtocol, createArtifacts } from "@skein/coordination";
import { SkeinError } from "@skein/protocol";
import { joinOptionsOf, meetingText, type RoomOptions } from "../join/room-options.js";
import { keepHeapSmall } from "../process/small-heap.js";
import { aborted, listenForStop } from "../process/stop.js";
import { failure } from "../stdio/envelope.js";
import { createEventWriter } from "../stdio/event-writer.js";
import { endOf } from "../transfer/session-end.js";
import { type Held, scanTree } from "../transfer/tree.js";
import { SharedFiles } from "./shared-files.js";
import { createSharingEvents, createSharingLines, type SharingView } from "./sharing-view.js";

export interface ShareOptions extends RoomOptions {
  readonly room: string;
  readonly json?: boolean;
}

/**
 * Shares files with a room until it is told to stop.
 * @throws {SkeinError} also where there is nothing to share, or the room is over
 */
export async function share(paths: readonly string[], options: ShareOptions): Promise<void> {
  keepHeapSmall();
  using stop = listenForStop();
  const output = createEventWriter(process.stdout, () => {});
  using view = options.json ? createSharingEvents(output) : createSharingLines(meetingText(options.room, options));
  try {
    const { held } = await scanTree(paths);
    const files = held.flatMap((each) => (each.entry.kind === "file" ? [each] : []));
    if (files.length === 0) throw new SkeinError("bad-argument", "There is no file to share here.");
    const join = joinOptionsOf(options.room, options);
    await using room = await joinRoom({ ...join, protocols: [artifactsProtocol], signal: stop.signal });
    view.joined(room);
    await serve(room, files, view, endOf(room, stop.signal, stopped));
  } catch (error) {
    if (options.json) output.write(failure(undefined, error));
    throw error;
  }
}

const stopped = "stopped";

async function serve(room: Room, files: readonly Held[], view: SharingView, end: AbortSignal): Promise<void> {
  const store = new SharedFiles();
  await using artifacts = await createArtifacts(room, { store, quotaBytes: Number.POSITIVE_INFINITY });
  artifacts.on("served", ({ id, to, bytes }) => view.served(nameOf(room, to), id, bytes));
  await putAll(artifacts, store, files, view, end);
  view.ready(files.length);
  await aborted(end);
  // Ctrl-C is how it ends; that the room is over isn't.
  if (SkeinError.is(end.reason) && end.reason.message !== stopped) throw end.reason;
}

async function putAll(
  artifacts: Artifacts,
  store: SharedFiles,
  files: readonly Held[],
  view: SharingView,
  end: AbortSignal,
): Promise<void> {
  const total = files.reduce((sum, { entry }) => sum + (entry.kind === "file" ? entry.bytes : 0), 0);
  let before = 0;
  for (const { entry, place } of files) {
    const onProgress = ({ bytes }: { bytes: number }) => view.progress(before + bytes, total);
    const meta = { name: entry.path.slice(0, 512) };
    const { id, bytes } = await artifacts.put(store.put(place, end), { meta, signal: end, onProgress });
    before += bytes;
    view.shared(entry.path, id, bytes);
  }
}

function nameOf(room: Room, id: PeerId): { readonly id: PeerId; readonly name?: string } {
  const name = room.peers.get(id)?.card.name;
  return { id, ...(name === undefined ? {} : { name }) };
}
