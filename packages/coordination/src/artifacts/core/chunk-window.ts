/**
 * Chunks that wait behind others: more are asked for below the first, fewer above the second. They wait at their holder, which reads two at a time: in
 * the network's queues is what the engine's own congestion control lets in. With fewer than two waiting, holder and asker idle in turns; with more, what
 * goes together costs both of them less.
 */
const queuedLeast = 4;
const queuedMost = 8;
/** A part of the window is asked for together. */
const askedAtOnce = 4;
/** Under way from one holder: 8 MiB. */
export const windowMost = 32;
/** A path may have become longer: the shortest time is measured again. */
const measureAgainMs = 10_000;

/**
 * How many chunks one holder may be asked for at a time: as many as keep its link busy, and no more, since what waits there can be asked of
 * nobody else. A longer answer time than the shortest one seen means a queue: the idea is TCP Vegas (Brakmo, Peterson 1995).
 */
export class ChunkWindow {
  #most = 1;
  #open = 0;
  #shortest: { readonly ms: number; readonly atMs: number } | undefined;
  /** `starting`: every answer lets one more go, until the first sign of a queue · `steady`: one more or less a round trip. */
  #phase: { readonly is: "starting" } | { readonly is: "steady"; readonly changedAtMs: number } = { is: "starting" };

  /** How many more it may be asked for. */
  get room(): number {
    return Math.max(0, this.#most - this.#open);
  }

  /** Whether it is worth an ask: each is a message, so some chunks go together. */
  get isRoomy(): boolean {
    return this.room > 0 && (this.#open === 0 || this.room >= this.#most / askedAtOnce);
  }

  /** The shortest answer of late. */
  get shortestMs(): number | undefined {
    return this.#shortest?.ms;
  }

  ask(): void {
    this.#open++;
  }

  giveUp(): void {
    this.#open--;
  }

  answer(askedMs: number, nowMs: number): void {
    this.#adapt(nowMs - askedMs, nowMs);
    this.#open--;
  }

  #adapt(tookMs: number, nowMs: number): void {
    const shortestMs = this.#measure(tookMs, nowMs);
    if (shortestMs === undefined) return;
    const queued = this.#open * (1 - shortestMs / Math.max(tookMs, shortestMs));
    const phase = this.#phase;
    if (phase.is === "starting" && queued < queuedLeast) return this.#change(1);
    if (phase.is === "steady" && nowMs - phase.changedAtMs < tookMs) return;
    this.#phase = { is: "steady", changedAtMs: nowMs };
    if (queued > queuedMost) this.#change(-1);
    else if (queued < queuedLeast) this.#change(1);
  }

  /** Undefined where it was just begun to look for it anew, with one chunk under way. */
  #measure(tookMs: number, nowMs: number): number | undefined {
    const known = this.#shortest;
    if (known !== undefined && nowMs - known.atMs > measureAgainMs) {
      this.#shortest = undefined;
      this.#most = 1;
      this.#phase = { is: "starting" };
      return undefined;
    }
    // Others were before it: it says nothing of the path.
    if (known === undefined && this.#open > 1) return undefined;
    if (known === undefined || tookMs < known.ms) this.#shortest = { ms: tookMs, atMs: known?.atMs ?? nowMs };
    return this.#shortest?.ms;
  }

  #change(by: 1 | -1): void {
    this.#most = Math.min(windowMost, Math.max(1, this.#most + by));
  }
}
