import { SkeinError } from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { FencingToken } from "../election/fence.js";
import { Alarm } from "../shared/alarm.js";
import { type ClaimEffect, type ClaimEvent, type ClaimState, claimDeadline, isHeld, stepClaim } from "./core/claim.js";

export interface HeldLockWorld {
  readonly clock: Clock;
  send(effect: ClaimEffect): void;
  hasSlept(): boolean;
  ended(claim: number): void;
}

/** A lock that we hold, until we free it or lose it. Made by `locks.acquire`. */
export interface Lock extends AsyncDisposable {
  readonly name: string;
  /** Goes with whatever is done under the lock, for a `Fence`: who gets the lock later has a greater one. */
  readonly token: FencingToken;
  /** Whether we hold it, at this moment. */
  readonly isHeld: boolean;
  /** Fires where we lose it: nobody could renew it in time. What goes on under it has to stop. */
  readonly signal: AbortSignal;
  /** Gives it back; the next who waits gets it. */
  free(): Promise<void>;
}

/** One claim's shell: from asking to the end of holding. */
export class LiveClaim {
  readonly #world: HeldLockWorld;
  readonly #alarm: Alarm;
  readonly #lost = new AbortController();
  readonly #listeners = new Set<() => void>();
  #state: ClaimState;

  constructor(state: ClaimState, effects: readonly ClaimEffect[], world: HeldLockWorld) {
    this.#state = state;
    this.#world = world;
    this.#alarm = new Alarm(world.clock, () => this.feed({ type: "woke" }));
    for (const effect of effects) world.send(effect);
    this.#arm();
  }

  get state(): ClaimState {
    return this.#state;
  }

  feed(event: ClaimEvent): void {
    const { state, effects } = stepClaim(this.#state, event, this.#world.clock.nowMs());
    const before = this.#state;
    this.#state = state;
    this.#arm();
    for (const effect of effects) this.#world.send(effect);
    if (state.hold.phase === "over" && before.hold.phase !== "over") this.#end(state.hold.reason);
    for (const listener of [...this.#listeners]) listener();
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The lock, once it is held. */
  lock(): Lock | undefined {
    const { hold, lock } = this.#state;
    if (hold.phase !== "held") return undefined;
    const free = async (): Promise<void> => this.feed({ type: "free" });
    const isHeldNow = (): boolean => {
      if (this.#world.hasSlept()) this.feed({ type: "slept" });
      return isHeld(this.#state, this.#world.clock.nowMs());
    };
    return {
      name: lock,
      token: hold.token,
      get isHeld() {
        return isHeldNow();
      },
      signal: this.#lost.signal,
      free,
      [Symbol.asyncDispose]: free,
    };
  }

  #end(reason: string): void {
    this.#world.ended(this.#state.claim);
    if (reason === "freed") return;
    const text = `The lock "${this.#state.lock}" is lost: nobody renewed it in time.`;
    this.#lost.abort(new SkeinError("timeout", text));
  }

  #arm(): void {
    this.#alarm.set(claimDeadline(this.#state)?.atMs);
  }
}
