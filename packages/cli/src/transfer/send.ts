import { joinRoom, type Room } from "@skein/client";
import { SkeinError } from "@skein/protocol";
import { joinOptionsOf, meetingText, type RoomOptions } from "../join/room-options.js";
import { keepHeapSmall } from "../process/small-heap.js";
import { listenForStop } from "../process/stop.js";
import { failure } from "../stdio/envelope.js";
import { createEventWriter } from "../stdio/event-writer.js";
import { countText } from "../terminal/units.js";
import { type Delivered, Delivery } from "./delivery.js";
import { transferProtocol } from "./protocol.js";
import { createSendingEvents, createSendingLines, type SendingView } from "./sending-view.js";
import { endOf } from "./session-end.js";
import { scanTree, type Tree } from "./tree.js";

export interface SendOptions extends RoomOptions {
  readonly room: string;
  readonly to?: string;
  readonly json?: boolean;
}

const stopped = "Stopped before all was there: the same command again goes on from there.";

/**
 * Sends files and folders to one receiver in a room; resolves when that has checked all of them.
 * @throws {SkeinError} also where the receiver refused some of them
 */
export async function send(paths: readonly string[], options: SendOptions): Promise<void> {
  keepHeapSmall();
  using stop = listenForStop();
  const output = createEventWriter(process.stdout, () => {});
  using view = options.json ? createSendingEvents(output) : createSendingLines(meetingText(options.room, options));
  try {
    const tree = await scanTree(paths);
    const join = joinOptionsOf(options.room, options);
    await using room = await joinRoom({ ...join, protocols: [transferProtocol], signal: stop.signal });
    const end = endOf(room, stop.signal, stopped);
    const { tally } = await deliver({ room, tree, to: options.to, view, end });
    const { refused } = tally.counts;
    if (refused > 0) throw new SkeinError("aborted", `${countText(refused, "file")} didn't go through.`);
  } catch (error) {
    if (options.json) output.write(failure(undefined, error));
    throw error;
  }
}

async function deliver(parts: {
  readonly room: Room;
  readonly tree: Tree;
  readonly to: string | undefined;
  readonly view: SendingView;
  readonly end: AbortSignal;
}): Promise<Delivered> {
  const { room, tree, to, view, end } = parts;
  view.joined(room, tree);
  let startMs = performance.now();
  const accepted: SendingView["accepted"] = (peer) => {
    startMs = performance.now();
    view.accepted(peer);
  };
  await using delivery = new Delivery({ room, tree, to, listener: { ...view, accepted } });
  const delivered = await Promise.race([delivery.done, rejectedBy(end)]);
  view.done(delivered, performance.now() - startMs);
  // The answer to the receiver's last word goes out first.
  await new Promise(setImmediate);
  return delivered;
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
