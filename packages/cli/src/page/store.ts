import type { PeerId } from "@skein/client";
import type { Hit } from "../crew/protocol.js";
import type { ShelfEntry } from "./shelf.js";

/** How we stand with the server and the room. */
export type Connection =
  | { readonly phase: "joining" }
  /** No way in: tried again at `untilMs` (of the wall clock), or when the person says so. */
  | { readonly phase: "waiting"; readonly reason: string; readonly untilMs: number }
  | { readonly phase: "joined" }
  /** The server is away. Links live on, and the client looks for it by itself. */
  | { readonly phase: "server-away" };

/** A peer as it is shown. */
export interface PeerView {
  readonly id: PeerId;
  readonly name: string;
  readonly kind: string;
  readonly state: "connecting" | "connected" | "gone";
  readonly path: string | undefined;
  readonly rttMs: number | undefined;
  /** Bytes a second, to us and from us. */
  readonly rateIn: number;
  readonly rateOut: number;
  /** Files it shares; `undefined` before it said so, or where it shares none. */
  readonly files: number | undefined;
  /** What it does for all, in words. */
  readonly roles: readonly string[];
}

/** What was found in one set of files, by one who holds it. */
export type SearchGroup = {
  readonly set: string;
  /** Who looks; undefined before anybody does. */
  readonly name: string | undefined;
  /** Who looked before, and was lost over it. */
  readonly before: string | undefined;
  readonly hits: readonly Hit[];
} & (
  | { readonly phase: "asking" }
  | { readonly phase: "answered"; readonly files: number; readonly tookMs: number }
  | { readonly phase: "failed"; readonly reason: string }
);

/** What the results show. */
export type Results =
  | { readonly kind: "none" }
  | {
      readonly kind: "search";
      readonly query: string;
      readonly words: readonly string[];
      readonly groups: readonly SearchGroup[];
    }
  | {
      readonly kind: "files";
      readonly peer: PeerId;
      readonly name: string;
      readonly files: readonly { readonly name: string; readonly bytes: number; readonly set: string }[];
      /** How many there are; `undefined` while we ask. */
      readonly total: number | undefined;
      readonly problem: string | undefined;
    };

/** A file on its way, or here. */
export interface Transfer {
  readonly key: number;
  readonly file: string;
  /** The sets that it is in. */
  readonly sets: readonly string[];
  /** Who holds it, in words. */
  readonly from: string;
  readonly bytes: number;
  /** `undefined` before the other side said it. */
  readonly total: number | undefined;
  readonly rate: number;
  readonly state:
    | { readonly phase: "running" }
    | { readonly phase: "failed"; readonly reason: string }
    | {
        readonly phase: "done";
        readonly url: string;
        /** Its id, which each piece was checked against. */
        readonly artifact: string;
        readonly tookMs: number;
      };
}

export interface LogEntry {
  readonly key: number;
  readonly at: Date;
  readonly text: string;
  /** How often it was said in a row. */
  readonly times: number;
}

/** Who does what for all: names, where somebody does. */
export interface Offices {
  readonly leader: string | undefined;
  readonly keeper: string | undefined;
}

export interface State {
  readonly connection: Connection;
  readonly offices: Offices;
  readonly peers: readonly PeerView[];
  readonly results: Results;
  readonly transfers: readonly Transfer[];
  readonly share: readonly ShelfEntry[];
  readonly log: readonly LogEntry[];
}

const logMost = 60;

/** The page's state. Views are told once a frame, however much happened in between. */
export class Store {
  #state: State = {
    connection: { phase: "joining" },
    offices: { leader: undefined, keeper: undefined },
    peers: [],
    results: { kind: "none" },
    transfers: [],
    share: [],
    log: [],
  };
  readonly #listeners: ((state: State) => void)[] = [];
  readonly #schedule: (run: () => void) => void;
  #isScheduled = false;
  #keys = 0;

  constructor(schedule: (run: () => void) => void) {
    this.#schedule = schedule;
  }

  get state(): State {
    return this.#state;
  }

  /** Numbers for what needs one: each is given once. */
  nextKey(): number {
    this.#keys += 1;
    return this.#keys;
  }

  listen(listener: (state: State) => void): void {
    this.#listeners.push(listener);
    listener(this.#state);
  }

  set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(() => {
      this.#isScheduled = false;
      for (const listener of this.#listeners) listener(this.#state);
    });
  }

  changeTransfer(key: number, change: (before: Transfer) => Partial<Transfer>): void {
    const transfers = this.#state.transfers.map((one) => (one.key === key ? { ...one, ...change(one) } : one));
    this.set({ transfers });
  }

  /** Notes an event in plain words. Said twice in a row, it is counted. */
  note(text: string): void {
    const [newest, ...older] = this.#state.log;
    const at = new Date();
    const log =
      newest?.text === text
        ? [{ ...newest, at, times: newest.times + 1 }, ...older]
        : [{ key: this.nextKey(), at, text, times: 1 }, ...this.#state.log].slice(0, logMost);
    this.set({ log });
  }
}
