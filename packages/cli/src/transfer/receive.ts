import { joinRoom, type Peer, type Room } from "@skein/client";
import { SkeinError } from "@skein/protocol";
import { explainDisk, isDiskError, whyDisk } from "../files/disk.js";
import { joinOptionsOf, meetingText, type RoomOptions } from "../join/room-options.js";
import { keepHeapSmall } from "../process/small-heap.js";
import { listenForStop } from "../process/stop.js";
import { failure } from "../stdio/envelope.js";
import { createEventWriter } from "../stdio/event-writer.js";
import { askYesNo } from "../terminal/question.js";
import { countText } from "../terminal/units.js";
import { takeIn } from "./incoming.js";
import { Offers } from "./offers.js";
import { type Offer, receives, transferProtocol } from "./protocol.js";
import { createReceivingEvents, createReceivingLines, type ReceivingView } from "./receiving-view.js";
import { RoomSender } from "./room-sender.js";
import { endOf } from "./session-end.js";
import { Tally } from "./tally.js";
import { TargetFolder } from "./target-folder.js";

export interface ReceiveOptions extends RoomOptions {
  readonly room: string;
  readonly from?: string;
  readonly yes?: boolean;
  readonly overwrite?: boolean;
  readonly keepOpen?: boolean;
  readonly json?: boolean;
}

const stopped = "Stopped. What came is kept: the same command again goes on from there.";

/**
 * Receives one transfer into a folder, or one after the other.
 * @throws {SkeinError} also where some of the files were refused
 */
export async function receive(folderPath: string, options: ReceiveOptions): Promise<void> {
  checkCanAsk(options);
  keepHeapSmall();
  using stop = listenForStop();
  const output = createEventWriter(process.stdout, () => {});
  using view = options.json ? createReceivingEvents(output) : createReceivingLines(meetingText(options.room, options));
  try {
    await using folder = await TargetFolder.open(folderPath);
    const join = joinOptionsOf(options.room, options);
    await using room = await joinRoom({
      ...join,
      protocols: [transferProtocol],
      capabilities: [receives],
      signal: stop.signal,
    });
    const end = endOf(room, stop.signal, stopped);
    await new Receiver({ room, folder, view, options, end }).run();
  } catch (error) {
    if (options.json) output.write(failure(undefined, error));
    throw error;
  }
}

function checkCanAsk({ yes, json }: ReceiveOptions): void {
  if (yes || (!json && process.stdin.isTTY && process.stdout.isTTY)) return;
  throw new SkeinError(
    "bad-argument",
    "Without a terminal nobody can be asked whether to take what is offered: add --yes to take it.",
  );
}

interface ReceiverParts {
  readonly room: Room;
  readonly folder: TargetFolder;
  readonly view: ReceivingView;
  readonly options: ReceiveOptions;
  readonly end: AbortSignal;
}

/** How one offer ended. */
type Ending = { readonly is: "declined" | "lost" } | { readonly is: "taken"; readonly refused: number };

class Receiver {
  readonly #parts: ReceiverParts;
  readonly #offers: Offers;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    this.#offers = new Offers(parts.room, parts.options.from);
  }

  /** One offer after the other, until one is taken; with `keepOpen`, until the end. */
  async run(): Promise<void> {
    const { room, folder, view, options, end } = this.#parts;
    view.joined(room, folder.root);
    for (;;) {
      const { offer, peer } = await this.#offers.next(end);
      view.offered({ offer, peer });
      const ending = await this.#handle(peer, offer);
      if (ending.is !== "taken" || options.keepOpen) continue;
      if (ending.refused === 0) return;
      throw new SkeinError("aborted", `${countText(ending.refused, "file")} didn't come through.`);
    }
  }

  async #handle(peer: Peer, offer: Offer): Promise<Ending> {
    const { view, end } = this.#parts;
    using gone = watchPeer(this.#parts.room, peer);
    const signal = AbortSignal.any([end, gone.signal]);
    const sender = new RoomSender(this.#parts.room, peer, offer.transfer, signal);
    try {
      if (!(await this.#accepts(signal))) {
        await sender.decline();
        view.declined(peer);
        return { is: "declined" };
      }
      return await this.#take(peer, sender, offer, signal);
    } catch (error) {
      if (end.aborted) throw end.reason;
      if (!isLoss(error) && !gone.signal.aborted) throw await this.#giveUp(sender, error);
      view.lost(peer, SkeinError.from(gone.signal.reason ?? error, "link-lost").message);
      return { is: "lost" };
    }
  }

  async #take(peer: Peer, sender: RoomSender, offer: Offer, signal: AbortSignal): Promise<Ending> {
    const { folder, view, options } = this.#parts;
    const tally = new Tally();
    const startMs = performance.now();
    const { carriedBytes } = await takeIn({
      offer,
      sender,
      folder,
      overwrite: options.overwrite ?? false,
      signal,
      progress: (bytes) => view.progress(bytes, offer.bytes),
      settled: async (number, entry, outcome) => {
        tally.add(entry, outcome);
        view.settled(entry, outcome);
        await sender.settled(number, outcome);
      },
    });
    view.done(peer, { tally, carriedBytes, ms: performance.now() - startMs });
    // All of it is here: a sender that is gone by now changes nothing.
    await sender.finish().catch(() => {});
    return { is: "taken", refused: tally.counts.refused };
  }

  async #accepts(signal: AbortSignal): Promise<boolean> {
    return this.#parts.options.yes ?? (await askYesNo("Take it? [y/N] ", signal));
  }

  /** Tells the sender why we can't go on; gives the error to tell here. */
  async #giveUp(sender: RoomSender, error: unknown): Promise<unknown> {
    // Where our folder is, is nobody else's business.
    const reason = isDiskError(error) ? whyDisk(error) : SkeinError.from(error, "closed").message;
    await sender.finish(reason).catch(() => {});
    return explainDisk(error, this.#parts.folder.root, "written");
  }
}

/** The sender is gone, or has begun anew. */
function isLoss(error: unknown): boolean {
  return ["link-lost", "no-such-peer", "aborted"].some((code) => SkeinError.is(error) && error.code === code);
}

/** Fires when a peer's link is lost. */
function watchPeer(room: Room, wanted: Peer): Disposable & { readonly signal: AbortSignal } {
  const gone = new AbortController();
  const end = ({ peer, reason }: { peer: Peer; reason: string }): void => {
    if (peer === wanted) gone.abort(new SkeinError("link-lost", reason));
  };
  const subscriptions = [room.on("peer-disconnected", end), room.on("peer-left", end)];
  return {
    signal: gone.signal,
    [Symbol.dispose]() {
      for (const unsubscribe of subscriptions) unsubscribe();
    },
  };
}
