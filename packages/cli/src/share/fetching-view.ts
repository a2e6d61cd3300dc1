import type { Peer, PeerId, Room } from "@skein/client";
import type { Artifact, DropReason } from "@skein/coordination";
import type { EventWriter } from "../stdio/event-writer.js";
import { clean, createInk } from "../terminal/ink.js";
import { ProgressBar } from "../terminal/progress-bar.js";
import { bytesText, countText, durationText } from "../terminal/units.js";
import { createPacer } from "../transfer/events.js";

/** Tells how an artifact is fetched. */
export interface FetchingView extends Disposable {
  joined(room: Room): void;
  progress(bytes: number, of: number, holders: number): void;
  dropped(peer: Peer | undefined, id: PeerId, reason: DropReason): void;
  done(artifact: Artifact, path: string, ms: number): void;
}

const why: Readonly<Record<DropReason, string>> = {
  lied: "sent bytes that aren't this file's: it is asked for nothing more",
  lacks: "hasn't got it any more",
  silent: "doesn't answer",
};

/** For people. */
export function createFetchingLines(): FetchingView {
  const ink = createInk(process.stdout);
  const bar = new ProgressBar(ink);
  let from = 0;
  return {
    joined: () => bar.print("Looking for whoever has it. Ctrl-C ends."),
    progress(bytes, of, holders) {
      if (holders !== from && holders > 0) bar.print(ink("dim", `From ${countText(holders, "peer")} now`));
      from = holders;
      bar.show(bytes, of);
    },
    dropped(peer, id, reason) {
      bar.print(`${ink("yellow", "!")} ${ink("bold", clean(peer?.card.name ?? id.slice(0, 8)))} ${why[reason]}`);
    },
    done({ bytes }, path, ms) {
      bar.hide();
      const rate = `${bytesText((bytes * 1_000) / Math.max(ms, 1))}/s`;
      bar.print(
        `${ink("green", "✓")} ${ink("bold", clean(path))}  ${bytesText(bytes)} in ${durationText(ms)}, ${rate}`,
      );
      bar.print(ink("dim", "  Each piece was checked against the id."));
    },
    [Symbol.dispose]: () => bar[Symbol.dispose](),
  };
}

/** For programs: lines of JSON. */
export function createFetchingEvents(output: EventWriter): FetchingView {
  const pace = createPacer();
  return {
    joined: (room) => output.write({ event: "joined", room: room.name, peer: room.id }),
    progress(bytes, of, holders) {
      if (bytes === of || pace(performance.now())) output.write({ event: "progress", bytes, of, holders });
    },
    dropped: (_peer, id, reason) => output.write({ event: "dropped", holder: id, reason }),
    done: ({ id, bytes }, path, ms) => output.write({ event: "fetched", id, bytes, path, ms: Math.round(ms) }),
    [Symbol.dispose]() {},
  };
}
