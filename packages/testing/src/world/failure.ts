/** What went wrong in a world, where, and how it comes again. */
export class WorldFailure extends Error {
  /** Whatever was thrown, or what an invariant said. */
  readonly reason: string;
  readonly seed: number;
  /** How many things had happened. */
  readonly step: number;
  /** Since the world began. */
  readonly atMs: number;
  /** The last lines of what happened, oldest first. */
  readonly trace: readonly string[];

  constructor(input: {
    reason: string;
    seed: number;
    step: number;
    atMs: number;
    trace: readonly string[];
    cause?: unknown;
  }) {
    const { reason, seed, step, atMs, trace, cause } = input;
    const last = trace.slice(-20).map((line) => `  ${line}`);
    super(
      [
        `${reason}\n  seed ${seed}, step ${step}, ${(atMs / 1000).toFixed(3)} s into the world. What happened last:`,
        ...last,
      ].join("\n"),
      cause === undefined ? {} : { cause },
    );
    this.name = "WorldFailure";
    this.reason = reason;
    this.seed = seed;
    this.step = step;
    this.atMs = atMs;
    this.trace = trace;
  }
}
