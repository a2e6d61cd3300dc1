import { Held } from "./held.js";

type State<Packet extends Uint8Array> =
  | { readonly phase: "open" }
  | { readonly phase: "stopped"; readonly held: Held<Packet> }
  /** What was held is being handed on. */
  | { readonly phase: "draining"; readonly held: Held<Packet> };

const open = { phase: "open" } as const;

/**
 * Hands a connection's packets on in their order, and holds them back while one of them has to wait.
 *
 * Invariants: nothing is handed on between `stop` and `goOn`; each packet is handed on once, and once more where `stop` put
 * it back; none overtakes another.
 */
export class Intake<Packet extends Uint8Array> {
  readonly #handle: (packet: Packet) => void;
  #state: State<Packet> = open;

  /** `handle` may call {@link stop}. */
  constructor(handle: (packet: Packet) => void) {
    this.#handle = handle;
  }

  /** Nothing should be read now: there is room for what was read already, no more. */
  get isStopped(): boolean {
    return this.#state.phase === "stopped";
  }

  /** Hands a packet on, or holds it. False where there was no room for it. */
  take(packet: Packet): boolean {
    if (this.#state.phase !== "open") return this.#state.held.add(packet);
    this.#handle(packet);
    return true;
  }

  /** Hands nothing on until {@link goOn}; then `again` first, where there is one. */
  stop(again?: Packet): void {
    const held = this.#state.phase === "open" ? new Held<Packet>() : this.#state.held;
    if (again !== undefined) held.putBack(again);
    this.#state = { phase: "stopped", held };
  }

  /** Hands on what was held, until something has to wait again. */
  goOn(): void {
    if (this.#state.phase !== "stopped") return;
    const { held } = this.#state;
    this.#state = { phase: "draining", held };
    while (!this.isStopped) {
      const packet = held.shift();
      if (packet === undefined) {
        this.#state = open;
        return;
      }
      this.#handle(packet);
    }
  }
}
