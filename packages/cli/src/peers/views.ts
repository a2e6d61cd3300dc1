import type { PeerId, Room, RoomStats } from "@skein/client";
import type { EventWriter } from "../stdio/event-writer.js";
import { statsJson } from "../stdio/room-stats.js";
import { createInk } from "../terminal/ink.js";
import { Screen } from "../terminal/screen.js";
import { eventLines, headLines, peerLines } from "./lines.js";

/** Shows the peers of a room. */
export interface PeersView extends Disposable {
  show(stats: RoomStats): void;
  /** The room was left, as it should be. */
  left(): void;
}

/** On all of a terminal, drawn anew each second. What it showed last stays when it ends. */
export class PeersScreen implements PeersView {
  readonly #room: Room;
  readonly #screen: Screen;
  readonly #ink = createInk(process.stdout);
  /** Of peers that left as well, for as long as an event tells of them. */
  #names: ReadonlyMap<PeerId, string> = new Map();
  #stats: RoomStats;

  constructor(room: Room) {
    this.#room = room;
    this.#stats = room.stats();
    this.#screen = new Screen(() => this.#draw());
    this.#draw();
  }

  show(stats: RoomStats): void {
    this.#stats = stats;
    this.#draw();
  }

  left(): void {}

  [Symbol.dispose](): void {
    const { columns } = this.#screen;
    this.#screen[Symbol.dispose]();
    process.stdout.write(`${this.#tableLines(columns).join("\n")}\n`);
  }

  #draw(): void {
    const { columns, rows } = this.#screen;
    this.#names = namesOf(this.#stats, this.#names);
    const table = this.#tableLines(columns);
    const most = Math.max(0, rows - table.length - 1);
    const events = eventLines(this.#stats, this.#names, { columns, most }, this.#ink);
    this.#screen.draw([...table, "", ...events]);
  }

  #tableLines(columns: number): string[] {
    const head = headLines(this.#room.name, this.#stats, columns, this.#ink);
    return [...head, "", ...peerLines(this.#stats, Date.now(), columns, this.#ink)];
  }
}

/** Once, as lines. */
export class PeersTable implements PeersView {
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  show(stats: RoomStats): void {
    const ink = createInk(process.stdout);
    const columns = process.stdout.columns ?? Number.POSITIVE_INFINITY;
    const head = headLines(this.#room.name, stats, columns, ink);
    process.stdout.write(`${[...head, "", ...peerLines(stats, Date.now(), columns, ink)].join("\n")}\n`);
  }

  left(): void {}

  [Symbol.dispose](): void {}
}

/** For programs: lines of JSON. */
export class PeersEvents implements PeersView {
  readonly #output: EventWriter;

  constructor(room: Room, output: EventWriter) {
    this.#output = output;
    output.write({ event: "joined", room: room.name, peer: room.id });
  }

  show(stats: RoomStats): void {
    this.#output.write({ event: "stats", ...statsJson(stats) });
  }

  left(): void {
    this.#output.write({ event: "left" });
  }

  [Symbol.dispose](): void {}
}

function namesOf({ perPeer, events }: RoomStats, before: ReadonlyMap<PeerId, string>): ReadonlyMap<PeerId, string> {
  const told = new Set(events.map(({ peer }) => peer));
  const kept = [...before].filter(([id]) => told.has(id));
  return new Map([...kept, ...perPeer.flatMap(({ id, name }) => (name === undefined ? [] : [[id, name] as const]))]);
}
