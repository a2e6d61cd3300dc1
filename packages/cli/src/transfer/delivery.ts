import { randomBytes } from "node:crypto";
import type { Peer, Room } from "@skein/client";
import { SkeinError } from "@skein/protocol";
import { type Deferred, deferred } from "../process/deferred.js";
import { isCalled, nameOf } from "./called.js";
import { Outgoing } from "./outgoing.js";
import { type Entry, type Outcome, receives, transferProtocol } from "./protocol.js";
import { Tally } from "./tally.js";
import type { Tree } from "./tree.js";

/** Hears of a delivery, step by step. */
export interface DeliveryListener {
  offered(peer: Peer): void;
  accepted(peer: Peer): void;
  progress(bytes: number): void;
  settled(entry: Entry, outcome: Outcome): void;
  /** The receiver is gone before it had everything. */
  lost(peer: Peer, reason: string): void;
}

export interface Delivered {
  readonly peer: Peer;
  readonly tally: Tally;
  readonly carriedBytes: number;
}

/** One transfer to one peer. */
interface Attempt {
  readonly peer: Peer;
  readonly transfer: string;
  readonly outgoing: Outgoing;
  readonly tally: Tally;
}

type State =
  | { readonly phase: "waiting" }
  | { readonly phase: "offered"; readonly attempt: Attempt }
  | { readonly phase: "sending"; readonly attempt: Attempt }
  | { readonly phase: "over" };

/** Offers a tree to whoever receives, one peer at a time, until one of them has all of it. */
export class Delivery implements AsyncDisposable {
  readonly #room: Room;
  readonly #tree: Tree;
  readonly #to: string | undefined;
  readonly #listener: DeliveryListener;
  readonly #done: Deferred<Delivered> = deferred();
  #state: State = { phase: "waiting" };

  constructor(options: { room: Room; tree: Tree; to: string | undefined; listener: DeliveryListener }) {
    this.#room = options.room;
    this.#tree = options.tree;
    this.#to = options.to;
    this.#listener = options.listener;
    // Whoever waits for it may not have begun.
    this.#done.promise.catch(() => {});
    this.#answer();
    const { room } = options;
    room.on("peer-connected", () => this.#seek());
    room.on("peer-updated", () => this.#seek());
    room.on("peer-disconnected", ({ peer, reason }) => this.#lose(peer, reason));
    room.on("peer-left", ({ peer, reason }) => this.#lose(peer, reason));
    this.#seek();
  }

  /**
   * A receiver has dealt with everything, whether it took it or not.
   * @throws {SkeinError} `aborted` where it doesn't want it, or can't go on
   */
  get done(): Promise<Delivered> {
    return this.#done.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const state = this.#state;
    this.#state = { phase: "over" };
    if ("attempt" in state) await state.attempt.outgoing[Symbol.asyncDispose]();
  }

  /** Answers the one peer that we offered to, and nobody else. */
  #answer(): void {
    const room = this.#room;
    room.handle(transferProtocol.list, ({ transfer, from }, peer) => {
      const attempt = this.#attempt(peer, transfer);
      this.#accept(attempt);
      return attempt.outgoing.list(from);
    });
    room.handle(transferProtocol.digest, ({ transfer, entry, bytes }, peer, { signal }) =>
      this.#attempt(peer, transfer).outgoing.digest(entry, bytes, signal),
    );
    room.handle(transferProtocol.read, ({ transfer, entry, offset, length }, peer, { signal }) =>
      this.#attempt(peer, transfer).outgoing.read(entry, offset, length, signal),
    );
    room.handle(transferProtocol.settled, ({ transfer, entry, outcome }, peer) =>
      this.#attempt(peer, transfer).outgoing.settle(entry, outcome),
    );
    room.handle(transferProtocol.decline, ({ transfer }, peer) => {
      this.#attempt(peer, transfer);
      this.#done.reject(new SkeinError("aborted", `${nameOf(peer)} doesn't want it.`));
    });
    room.handle(transferProtocol.finish, ({ transfer, failure }, peer) => {
      this.#finish(this.#attempt(peer, transfer), failure);
      return {};
    });
  }

  #attempt(peer: Peer, transfer: string): Attempt {
    const state = this.#state;
    if ("attempt" in state && state.attempt.peer === peer && state.attempt.transfer === transfer) return state.attempt;
    throw new SkeinError("aborted", "This transfer is over.");
  }

  #accept(attempt: Attempt): void {
    if (this.#state.phase !== "offered") return;
    this.#state = { phase: "sending", attempt };
    this.#listener.accepted(attempt.peer);
  }

  #finish({ peer, outgoing, tally }: Attempt, failure: string | undefined): void {
    if (failure !== undefined) {
      return this.#done.reject(new SkeinError("aborted", `${nameOf(peer)} can't go on: ${failure}`));
    }
    if (outgoing.unsettled > 0) throw new SkeinError("bad-message", `${outgoing.unsettled} files aren't settled yet.`);
    this.#done.resolve({ peer, tally, carriedBytes: outgoing.carriedBytes });
  }

  #seek(): void {
    if (this.#state.phase !== "waiting") return;
    const peer = [...this.#room.peers.values()].find((peer) => this.#isReceiver(peer));
    if (peer !== undefined) this.#offer(peer);
  }

  #isReceiver(peer: Peer): boolean {
    const { card, state } = peer;
    return (
      state === "connected" && card.caps.includes(receives) && (this.#to === undefined || isCalled(peer, this.#to))
    );
  }

  #offer(peer: Peer): void {
    const tally = new Tally();
    const outgoing = new Outgoing(this.#tree, {
      progress: (bytes) => this.#listener.progress(bytes),
      settled: (entry, outcome) => {
        tally.add(entry, outcome);
        this.#listener.settled(entry, outcome);
      },
    });
    const transfer = randomBytes(16).toString("base64url");
    this.#state = { phase: "offered", attempt: { peer, transfer, outgoing, tally } };
    this.#listener.offered(peer);
    const { held, bytes, names } = this.#tree;
    this.#room
      .send(peer, transferProtocol.offer, { transfer, entries: held.length, bytes, names: names.slice(0, 8) })
      .catch((error: unknown) => this.#lose(peer, SkeinError.from(error, "closed").message));
  }

  #lose(peer: Peer, reason: string): void {
    const state = this.#state;
    if (!("attempt" in state) || state.attempt.peer !== peer) return;
    this.#state = { phase: "waiting" };
    state.attempt.outgoing[Symbol.asyncDispose]().catch(() => {});
    this.#listener.lost(peer, reason);
    this.#seek();
  }
}
