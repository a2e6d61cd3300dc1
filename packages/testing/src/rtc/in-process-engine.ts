import type { Engine } from "@skein/client";
import { SeededRandom } from "../core/seeded-random.js";
import { Timeline } from "../core/timeline.js";
import { Network } from "../network/network.js";
import { Process } from "../world/process.js";
import { simEngine } from "./engine.js";
import { type EngineName, engineProfiles } from "./profile.js";

/** The smallest step of a timeline. */
const tickMs = 1 / 1_024;
/** As on one machine. */
const quality = { latencyMs: 0.1, jitterMs: 0 };

type State =
  | { readonly phase: "idle" }
  | { readonly phase: "waiting"; readonly atMs: number; readonly timer: ReturnType<typeof setTimeout> }
  /** Something is due: it happens in the next turn of the event loop. */
  | { readonly phase: "due" };

/** A timeline on which time passes as it does outside. */
class RealTimeline extends Timeline {
  readonly #startMs = performance.now();
  #state: State = { phase: "idle" };

  override at(atMs: number, run: () => void): () => void {
    const cancel = super.at(atMs, run);
    this.#arm();
    return cancel;
  }

  override after(delayMs: number, run: () => void): () => void {
    // It stood still since the last thing happened. What is due by now happens later all the same, and not within whatever was called here.
    this.step(Math.min(this.#realMs, (this.nextAtMs ?? Number.POSITIVE_INFINITY) - tickMs));
    return super.after(delayMs, run);
  }

  get #realMs(): number {
    return performance.now() - this.#startMs;
  }

  #arm(): void {
    const atMs = this.nextAtMs;
    if (atMs === undefined || this.#state.phase === "due") return;
    if (this.#state.phase === "waiting") {
      if (this.#state.atMs <= atMs) return;
      clearTimeout(this.#state.timer);
    }
    const waitMs = atMs - this.#realMs;
    if (waitMs > 0) {
      this.#state = { phase: "waiting", atMs, timer: setTimeout(() => this.#ring(), waitMs) };
      return;
    }
    this.#state = { phase: "due" };
    setImmediate(() => this.#ring());
  }

  /** One thing happens in each turn, so that what is promised by one is kept before the next. */
  #ring(): void {
    this.#state = { phase: "idle" };
    this.step(this.#realMs);
    this.#arm();
  }
}

/**
 * An engine in real time whose connections stay within this process, behaving as the one that is named does: for tests of an app that are to need no
 * native addon, and for more connections than a machine has room for. Peers in other processes can't be reached by it.
 *
 * @example
 * const engine = inProcessEngine();
 * const signaling = memorySignaling();
 * const [ann, bob] = await Promise.all([1, 2].map(() => joinRoom({ signaling, room: "lab", protocols: [chat], engine })));
 */
export function inProcessEngine(name: EngineName = "node-datachannel"): Engine {
  const timeline = new RealTimeline();
  const random = new SeededRandom(Math.floor(Math.random() * 2 ** 32));
  const host = new Network(timeline, random.fork()).addHost("here", { quality });
  const process = new Process(timeline, random.fork(), (error) => {
    // As where an event handler throws.
    queueMicrotask(() => {
      throw error;
    });
  });
  const ignore = () => {};
  return simEngine({ process, host, profile: engineProfiles[name], sent: ignore, opened: ignore, closed: ignore });
}
