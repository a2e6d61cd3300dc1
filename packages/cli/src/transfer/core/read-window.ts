/** What was asked for, and when. */
export interface Ask {
  readonly bytes: number;
  readonly atMs: number;
}

/** Pieces that wait behind others in the network's queues: more are asked for below the first, fewer above the second. */
const queuedPiecesLeast = 0.25;
const queuedPiecesMost = 0.75;
const piecesMost = 64;
/** A path may have become longer: the shortest time is measured again. */
const measureAgainMs = 10_000;

/** `starting`: every answer lets one more go, until the first sign of a queue · `steady`: one more or less a round trip. */
type Phase = { readonly is: "starting" } | { readonly is: "steady"; readonly changedAtMs: number };

/**
 * How much of what is asked for may be under way: as much as keeps the link busy, and no more. What is more than that waits
 * in queues that also the small messages beside it have to pass.
 *
 * A longer answer time than the shortest one seen means a queue: the idea is TCP Vegas (Brakmo, Peterson 1995).
 */
export class ReadWindow {
  readonly #pieceBytes: number;
  #limitBytes: number;
  #openBytes = 0;
  #shortest: { readonly ms: number; readonly atMs: number } | undefined;
  #phase: Phase = { is: "starting" };

  /** @param pieceBytes what is asked for at once; the answers to smaller asks tell nothing of queues */
  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes;
    this.#limitBytes = pieceBytes;
  }

  /** What may be under way, in bytes. */
  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** Whether so much more may be asked for now. */
  hasRoom(bytes: number): boolean {
    return this.#openBytes === 0 || this.#openBytes + bytes <= this.#limitBytes;
  }

  ask(bytes: number, nowMs: number): Ask {
    this.#openBytes += bytes;
    return { bytes, atMs: nowMs };
  }

  /** It was answered. */
  answer({ bytes, atMs }: Ask, nowMs: number): void {
    if (bytes === this.#pieceBytes) this.#adapt(nowMs - atMs, nowMs);
    this.#openBytes -= bytes;
  }

  /** It failed. */
  giveUp({ bytes }: Ask): void {
    this.#openBytes -= bytes;
  }

  #adapt(tookMs: number, nowMs: number): void {
    const shortestMs = this.#measure(tookMs, nowMs);
    if (shortestMs === undefined) return;
    const queuedPieces = (this.#openBytes * (1 - shortestMs / Math.max(tookMs, shortestMs))) / this.#pieceBytes;
    const phase = this.#phase;
    if (phase.is === "starting" && queuedPieces < queuedPiecesLeast) return this.#change(1);
    if (phase.is === "steady" && nowMs - phase.changedAtMs < tookMs) return;
    this.#phase = { is: "steady", changedAtMs: nowMs };
    if (queuedPieces > queuedPiecesMost) this.#change(-1);
    else if (queuedPieces < queuedPiecesLeast) this.#change(1);
  }

  /** The shortest answer of late; undefined where it was just begun to look for it anew, with one piece under way. */
  #measure(tookMs: number, nowMs: number): number | undefined {
    const known = this.#shortest;
    if (known !== undefined && nowMs - known.atMs > measureAgainMs) {
      this.#shortest = undefined;
      this.#limitBytes = this.#pieceBytes;
      this.#phase = { is: "starting" };
      return undefined;
    }
    // Others were before it: it says nothing of the path.
    if (known === undefined && this.#openBytes > this.#pieceBytes) return undefined;
    if (known === undefined || tookMs < known.ms) this.#shortest = { ms: tookMs, atMs: known?.atMs ?? nowMs };
    return this.#shortest?.ms;
  }

  #change(pieces: 1 | -1): void {
    const limitBytes = this.#limitBytes + pieces * this.#pieceBytes;
    this.#limitBytes = Math.min(piecesMost * this.#pieceBytes, Math.max(this.#pieceBytes, limitBytes));
  }
}
