import type { Clock } from "./clock.js";
import { Intake } from "./core/intake.js";
import type { Resumable, Resumption } from "./resumption.js";
import { type ClientSocket, type Corkable, openState } from "./socket.js";

/**
 * As much is read in one turn of what came while a packet waited: some seventy of the smallest packets, a quarter of a millisecond's
 * work. All of it could be 128 KiB.
 */
const portionBytes = 8 * 1024;

/** What the next packet waits for. */
type Wait =
  | { readonly for: "nothing" }
  | { readonly for: "check" }
  | { readonly for: "time"; readonly cancel: () => void };

const nothing = { for: "nothing" } as const;

/** Whoever acts upon what a client says. */
export interface PacketHandler {
  handlePacket(packet: Buffer): void;
}

/** What one client says, packet by packet. While one of them has to wait the socket isn't read: TCP tells the client. */
export class Incoming implements Resumable {
  readonly #socket: ClientSocket;
  /** What carries the WebSocket. */
  readonly #stream: Corkable;
  readonly #clock: Clock;
  readonly #resumption: Resumption;
  readonly #handler: PacketHandler;
  /** Only while something waits: most connections are idle, and there are many of them. */
  #intake: Intake<Buffer> | undefined;
  #wait: Wait = nothing;
  /** Whether anything was heard since the last time this was asked. */
  #heard = true;

  constructor(socket: ClientSocket, stream: Corkable, clock: Clock, resumption: Resumption, handler: PacketHandler) {
    this.#socket = socket;
    this.#stream = stream;
    this.#clock = clock;
    this.#resumption = resumption;
    this.#handler = handler;
  }

  /** Whether more may come. */
  get isOpen(): boolean {
    return this.#socket.readyState === openState;
  }

  /** Takes a packet; false where too much came while another waited. */
  take(packet: Buffer): boolean {
    if (this.#intake !== undefined) return this.#intake.take(packet);
    this.#handler.handlePacket(packet);
    return true;
  }

  /** Anything at all came. */
  noteHeard(): void {
    this.#heard = true;
  }

  /** Whether anything was heard since this was asked last. */
  takeHeard(): boolean {
    // What isn't read can't be heard.
    const heard = this.#heard || this.#wait.for !== "nothing";
    this.#heard = false;
    return heard;
  }

  /** Whatever comes before the check is over waits for it. The check must not fail. */
  waitFor(check: Promise<void>): void {
    this.#stop({ for: "check" });
    void check.then(() => this.#goOn());
  }

  /** Hands this packet on again after a while, and what came behind it not before. */
  delay(packet: Buffer, delayMs: number): void {
    this.#stop({ for: "time", cancel: this.#clock.after(delayMs, () => this.#goOn()) }, packet);
  }

  /** The socket is closed: what it had brought by then has its turn now, where all it waits for is time. */
  close(): void {
    if (this.#wait.for !== "time") return;
    this.#wait.cancel();
    this.#goOn();
  }

  /** Reads a portion of what came meanwhile; or as it comes, once nothing of that is left. */
  readOn(): boolean {
    // What ended the connection has said already whether more of it is read.
    if (!this.isOpen || this.#wait.for !== "nothing") return false;
    const { readableLength = 0 } = this.#stream;
    if (readableLength === 0 || this.#stream.read === undefined) {
      this.#socket.resume();
      return false;
    }
    // Nothing flows while it is paused, and what is read is heard all the same.
    this.#stream.read(Math.min(readableLength, portionBytes));
    return this.#wait.for === "nothing";
  }

  #stop(wait: Wait, again?: Buffer): void {
    this.#wait = wait;
    this.#intake ??= new Intake((packet) => this.#handler.handlePacket(packet));
    this.#intake.stop(again);
    this.#socket.pause();
  }

  #goOn(): void {
    const waitedFor = this.#wait.for;
    this.#wait = nothing;
    this.#heard = true;
    this.#intake?.goOn();
    if (this.#intake?.isStopped) return;
    this.#intake = undefined;
    // Whoever had to wait for time sends much, and isn't alone in that. A check is over for one at a time.
    if (waitedFor === "time") this.#resumption.add(this);
    else this.#socket.resume();
  }
}
