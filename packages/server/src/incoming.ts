import type { Clock } from "./clock.js";
import { Intake } from "./core/intake.js";
import type { ClientSocket } from "./socket.js";

/** What the next packet waits for. */
type Wait =
  | { readonly for: "nothing" }
  | { readonly for: "check" }
  | { readonly for: "time"; readonly cancel: () => void };

const nothing = { for: "nothing" } as const;

/** What one client says, packet by packet. While one of them has to wait the socket isn't read: TCP tells the client. */
export class Incoming {
  readonly #socket: ClientSocket;
  readonly #clock: Clock;
  readonly #intake: Intake<Buffer>;
  #wait: Wait = nothing;
  /** Whether anything was heard since the last time this was asked. */
  #heard = true;

  constructor(socket: ClientSocket, clock: Clock, handle: (packet: Buffer) => void) {
    this.#socket = socket;
    this.#clock = clock;
    this.#intake = new Intake(handle);
  }

  /** Takes a packet; false where too much came while another waited. */
  take(packet: Buffer): boolean {
    return this.#intake.take(packet);
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

  #stop(wait: Wait, again?: Buffer): void {
    this.#wait = wait;
    this.#intake.stop(again);
    this.#socket.pause();
  }

  #goOn(): void {
    this.#wait = nothing;
    this.#heard = true;
    this.#intake.goOn();
    if (!this.#intake.isStopped) this.#socket.resume();
  }
}
