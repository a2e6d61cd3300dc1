import type { Room } from "@skein/client";
import type { EventWriter } from "../stdio/event-writer.js";
import { clean, createInk } from "../terminal/ink.js";
import type { Delivered, DeliveryListener } from "./delivery.js";
import { createPacer, partyOf, settledEvent, tallyEvent } from "./events.js";
import { amountText, namesText, sumText, TransferLines } from "./lines.js";
import type { Tree } from "./tree.js";

/** Tells how a tree is sent. */
export interface SendingView extends DeliveryListener, Disposable {
  joined(room: Room, tree: Tree): void;
  done(delivered: Delivered, ms: number): void;
}

/** For people. */
export function createSendingLines(meeting: string): SendingView {
  const lines = new TransferLines(createInk(process.stdout));
  let total = 0;
  return {
    joined(_room, { names, held, bytes, leftOut }) {
      total = bytes;
      for (const { path, why } of leftOut.slice(0, 20)) lines.warn(`${clean(path)} is left out: it ${why}`);
      if (leftOut.length > 20) lines.warn(`${leftOut.length - 20} more are left out`);
      lines.say(`${amountText(held.length, bytes)}: ${namesText(names)}`);
      lines.say(lines.ink("dim", `On the other side: skein receive ${clean(meeting)}`));
      lines.say("Waiting for a receiver. Ctrl-C ends.");
    },
    offered: (peer) => lines.say(`${lines.name(peer)} is here: offered, waiting for its answer`),
    accepted: (peer) => lines.say(`${lines.name(peer)} takes it`),
    progress: (bytes) => lines.progress(bytes, total),
    settled: (entry, outcome) => lines.settled(entry, outcome),
    lost(peer, reason) {
      lines.pause();
      lines.warn(`${lines.name(peer)} is gone (${clean(reason)}). Waiting for it, or another`);
    },
    done({ peer, ...delivered }, ms) {
      lines.pause();
      lines.say(`${lines.ink("green", "✓")} ${lines.name(peer)} has ${sumText({ ...delivered, ms })}`);
      lines.say(lines.ink("dim", "  It has checked the SHA-256 of each."));
    },
    [Symbol.dispose]: () => lines[Symbol.dispose](),
  };
}

/** For programs: lines of JSON. */
export function createSendingEvents(output: EventWriter): SendingView {
  let total = 0;
  const pace = createPacer();
  return {
    joined(room, { held, bytes, leftOut }) {
      total = bytes;
      output.write({ event: "joined", room: room.name, peer: room.id });
      output.write({ event: "waiting", entries: held.length, bytes, leftOut });
    },
    offered: (peer) => output.write({ event: "offered", to: partyOf(peer) }),
    accepted: (peer) => output.write({ event: "accepted", to: partyOf(peer) }),
    progress(bytes) {
      if (bytes === total || pace(performance.now())) output.write({ event: "progress", bytes, of: total });
    },
    settled: (entry, outcome) => output.write(settledEvent(entry, outcome)),
    lost: (peer, reason) => output.write({ event: "lost", to: partyOf(peer), reason }),
    done({ peer, ...delivered }, ms) {
      output.write({ event: "sent", to: partyOf(peer), ...tallyEvent({ ...delivered, ms }) });
    },
    [Symbol.dispose]() {},
  };
}
