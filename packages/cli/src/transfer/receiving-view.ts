import type { Peer, Room } from "@skein/client";
import type { EventWriter } from "../stdio/event-writer.js";
import { clean, createInk } from "../terminal/ink.js";
import { createPacer, partyOf, settledEvent, tallyEvent } from "./events.js";
import { amountText, namesText, sumText, TransferLines } from "./lines.js";
import type { Offered } from "./offers.js";
import type { Entry, Outcome } from "./protocol.js";
import type { Sum } from "./tally.js";

/** Tells how a transfer is received. */
export interface ReceivingView extends Disposable {
  joined(room: Room, folder: string): void;
  offered(offered: Offered): void;
  declined(peer: Peer): void;
  progress(bytes: number, of: number): void;
  settled(entry: Entry, outcome: Outcome): void;
  /** The sender is gone before everything was here. */
  lost(peer: Peer, reason: string): void;
  done(peer: Peer, sum: Sum): void;
}

/** For people. */
export function createReceivingLines(meeting: string): ReceivingView {
  const lines = new TransferLines(createInk(process.stdout));
  return {
    joined(_room, folder) {
      lines.say(`Receiving into ${lines.ink("bold", clean(folder))}`);
      lines.say(lines.ink("dim", `On the other side: skein send PATH ${clean(meeting)}`));
      lines.say("Waiting for an offer. Ctrl-C ends.");
    },
    offered({ peer, offer: { entries, bytes, names } }) {
      lines.say(`${lines.name(peer)} offers ${amountText(entries, bytes)}: ${namesText(names)}`);
    },
    declined: (peer) => lines.say(lines.ink("dim", `declined what ${clean(partyOf(peer).name ?? "it")} offered`)),
    progress: (bytes, of) => lines.progress(bytes, of),
    settled: (entry, outcome) => lines.settled(entry, outcome),
    lost(peer, reason) {
      lines.pause();
      lines.warn(`${lines.name(peer)} is gone (${clean(reason)}). What came is kept. Waiting for it`);
    },
    done(_peer, sum) {
      lines.pause();
      lines.say(`${lines.ink("green", "✓")} ${sumText(sum)}`);
      lines.say(lines.ink("dim", "  The SHA-256 of each is right."));
    },
    [Symbol.dispose]: () => lines[Symbol.dispose](),
  };
}

/** For programs: lines of JSON. */
export function createReceivingEvents(output: EventWriter): ReceivingView {
  const pace = createPacer();
  return {
    joined: (room, folder) => output.write({ event: "joined", room: room.name, peer: room.id, folder }),
    offered({ peer, offer: { entries, bytes, names } }) {
      output.write({ event: "offered", from: partyOf(peer), entries, bytes, names });
    },
    declined: (peer) => output.write({ event: "declined", from: partyOf(peer) }),
    progress(bytes, of) {
      if (bytes === of || pace(performance.now())) output.write({ event: "progress", bytes, of });
    },
    settled: (entry, outcome) => output.write(settledEvent(entry, outcome)),
    lost: (peer, reason) => output.write({ event: "lost", from: partyOf(peer), reason }),
    done: (peer, sum) => output.write({ event: "received", from: partyOf(peer), ...tallyEvent(sum) }),
    [Symbol.dispose]() {},
  };
}
