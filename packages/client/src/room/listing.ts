import { Alarm, type Clock } from "../clock.js";
import { returnMs } from "../core/reconnect.js";
import type { Link } from "../link/link.js";

type State =
  | { readonly phase: "listed" }
  | { readonly phase: "unlisted"; readonly untilMs: number }
  /** The peer is gone. */
  | { readonly phase: "closed" };

/**
 * Whether the server lists a peer. One that isn't stays for as long as its link answers, and until a time at least: a server
 * that has started again lists nobody who isn't back yet.
 */
export class Listing {
  readonly #clock: Clock;
  readonly #link: Pick<Link, "doubt" | "isDoubtful">;
  readonly #lost: () => void;
  readonly #alarm: Alarm;
  #state: State = { phase: "listed" };

  /** @param lost nothing holds the peer here any more. */
  constructor(clock: Clock, link: Pick<Link, "doubt" | "isDoubtful">, lost: () => void) {
    this.#clock = clock;
    this.#link = link;
    this.#lost = lost;
    this.#alarm = new Alarm(clock, () => this.judge());
  }

  /** The peer is at the server. */
  list(): void {
    this.#enter({ phase: "listed" });
  }

  /** The server gave its place up. */
  unlist(): void {
    this.#enter({ phase: "unlisted", untilMs: this.#clock.nowMs() });
  }

  /** The server is back, and doesn't list it. */
  miss(): void {
    if (this.#state.phase === "listed") this.#enter({ phase: "unlisted", untilMs: this.#clock.nowMs() + returnMs });
  }

  /** Only its link holds it here: where that doesn't answer either, it is gone. To be asked when that may have changed. */
  judge(): void {
    const untilMs = this.#state.phase === "unlisted" ? this.#state.untilMs : undefined;
    const isPast = untilMs !== undefined && this.#clock.nowMs() >= untilMs;
    this.#alarm.set(isPast ? undefined : untilMs);
    if (isPast && this.#link.isDoubtful) this.#lost();
  }

  close(): void {
    this.#enter({ phase: "closed" });
  }

  #enter(state: State): void {
    if (this.#state.phase === "closed") return;
    this.#state = state;
    this.judge();
    // The peer may be gone by now, and its link with it: to doubt that asks nobody.
    if (state.phase === "unlisted") this.#link.doubt();
  }
}
