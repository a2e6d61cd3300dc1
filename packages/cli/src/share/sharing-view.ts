import type { PeerId, Room } from "@skein/client";
import type { EventWriter } from "../stdio/event-writer.js";
import { clean, createInk } from "../terminal/ink.js";
import { ProgressBar } from "../terminal/progress-bar.js";
import { bytesText, countText } from "../terminal/units.js";
import { createPacer } from "../transfer/events.js";

interface Party {
  readonly id: PeerId;
  readonly name?: string;
}

/** Tells how files are shared. */
export interface SharingView extends Disposable {
  joined(room: Room): void;
  /** Of the hashing. */
  progress(bytes: number, of: number): void;
  shared(path: string, id: string, bytes: number): void;
  ready(files: number): void;
  served(to: Party, id: string, bytes: number): void;
}

/** What one peer got, until it has been quiet for a while. */
interface Served {
  readonly to: Party;
  bytes: number;
  timer: NodeJS.Timeout;
}

const quietMs = 2_000;

/** For people. */
export function createSharingLines(meeting: string): SharingView {
  const ink = createInk(process.stdout);
  const bar = new ProgressBar(ink);
  const served = new Map<string, Served>();
  const tell = ({ to, bytes }: Served) => {
    served.delete(to.id);
    const name = ink("bold", clean(to.name ?? to.id.slice(0, 8)));
    bar.print(`${ink("green", "→")} ${name} got ${bytesText(bytes)}`);
  };
  return {
    joined: () => {},
    progress: (bytes, of) => bar.show(bytes, of),
    shared(path, id, bytes) {
      bar.hide();
      bar.print(`${ink("green", "✓")} ${ink("bold", clean(path))}  ${bytesText(bytes)}`);
      bar.print(ink("dim", `  skein fetch ${id} ${clean(meeting)}`));
    },
    ready(files) {
      bar.hide();
      bar.print(`${countText(files, "file")} shared. Ctrl-C ends.`);
    },
    served(to, _id, bytes) {
      const one = served.get(to.id) ?? { to, bytes: 0, timer: setTimeout(() => {}, 0) };
      clearTimeout(one.timer);
      one.bytes += bytes;
      one.timer = setTimeout(() => tell(one), quietMs);
      served.set(to.id, one);
    },
    [Symbol.dispose]() {
      for (const one of served.values()) clearTimeout(one.timer);
      for (const one of served.values()) tell(one);
      bar[Symbol.dispose]();
    },
  };
}

/** For programs: lines of JSON. */
export function createSharingEvents(output: EventWriter): SharingView {
  const pace = createPacer();
  return {
    joined: (room) => output.write({ event: "joined", room: room.name, peer: room.id }),
    progress(bytes, of) {
      if (pace(performance.now())) output.write({ event: "progress", bytes, of });
    },
    shared: (path, id, bytes) => output.write({ event: "shared", path, id, bytes }),
    ready: (files) => output.write({ event: "ready", files }),
    served: (to, id, bytes) => output.write({ event: "served", to, id, bytes }),
    [Symbol.dispose]() {},
  };
}
