import { joinRoom, type Room, type RoomStats } from "@skein/client";
import { joinOptionsOf, type RoomOptions } from "../join/room-options.js";
import { aborted, listenForStop } from "../process/stop.js";
import { failure } from "../stdio/envelope.js";
import { createEventWriter, type EventWriter } from "../stdio/event-writer.js";
import { hasScreen } from "../terminal/screen.js";
import { PeersEvents, PeersScreen, PeersTable, type PeersView } from "./views.js";

export interface PeersOptions extends RoomOptions {
  readonly room: string;
  readonly once?: boolean;
  readonly json?: boolean;
}

/** How long `--once` waits for links. A relay is turned to after 10 s. */
const linkingMs = 15_000;

/** Watches a room, until it is told to stop, or has shown it once. */
export async function watchPeers(options: PeersOptions): Promise<void> {
  using stop = listenForStop();
  const over = new AbortController();
  const output = createEventWriter(process.stdout, () => over.abort());
  try {
    const room = await enter(options, stop.signal);
    const ended = new Promise<undefined | Error>((resolve) => {
      room.on("closed", (error) => {
        over.abort();
        resolve(error);
      });
    });
    using view = viewOf(options, room, output);
    const isOnce = options.once || (!options.json && !hasScreen());
    if (isOnce) showOnce(room, view, () => over.abort());
    else room.on("stats", (stats) => view.show(stats));
    await aborted(AbortSignal.any([stop.signal, over.signal]));
    await room.leave();
    const error = await ended;
    if (error !== undefined) throw error;
    view.left();
  } catch (error) {
    if (options.json) output.write(failure(undefined, error));
    throw error;
  }
}

function enter(options: PeersOptions, signal: AbortSignal): Promise<Room> {
  return joinRoom({ ...joinOptionsOf(options.room, options), signal });
}

function viewOf({ json, once }: PeersOptions, room: Room, output: EventWriter): PeersView {
  if (json) return new PeersEvents(room, output);
  return once || !hasScreen() ? new PeersTable(room) : new PeersScreen(room);
}

function showOnce(room: Room, view: PeersView, done: () => void): void {
  const untilMs = performance.now() + linkingMs;
  const stopListening = room.on("stats", (stats) => {
    if (!isSettled(stats) && performance.now() < untilMs) return;
    stopListening();
    view.show(stats);
    done();
  });
}

/** Whether there is nothing more to wait for: everyone the server told of is linked, and all is known of the links. */
function isSettled({ server, perPeer }: RoomStats): boolean {
  const isKnown = ({ state, path, candidates, rttMs }: RoomStats["perPeer"][number]): boolean =>
    state === "connected" && rttMs !== undefined && (path === "direct" ? candidates !== undefined : path === "relay");
  return server === "connected" && perPeer.every(isKnown);
}
