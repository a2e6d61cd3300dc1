/**
 * How long a client may stay on its token: `granted`, then `warned` once or more, then `over`. Renewal begins it anew.
 *
 * Invariants: nobody is ended without a warning before; warnings come closer together as the end does, and stop when there is no
 * time left to answer one.
 */
export type Tenure =
  | { readonly phase: "granted"; readonly endMs: number; readonly warnMs: number }
  | { readonly phase: "warned"; readonly endMs: number; readonly warnMs: number | undefined };

export type TenureEffect = { readonly type: "warn"; readonly leftMs: number } | { readonly type: "end" };

/** The first warning comes so long before the end, or at half of a shorter time. */
const warnBeforeMs = 60_000;
/** No warning comes closer to the end than this. */
const lastWarningMs = 5_000;

/** @param leftMs how long the token holds from now on. */
export function startTenure(leftMs: number, nowMs: number): Tenure {
  const endMs = nowMs + leftMs;
  return { phase: "granted", endMs, warnMs: endMs - Math.min(warnBeforeMs, leftMs / 2) };
}

/** What is due now. Undefined as the next tenure: it is over. */
export function wakeTenure(
  tenure: Tenure,
  nowMs: number,
): { readonly tenure: Tenure | undefined; readonly effects: readonly TenureEffect[] } {
  const { phase, endMs, warnMs } = tenure;
  const leftMs = endMs - nowMs;
  // A clock that jumped over the warning: it is given, and time to answer it.
  if (leftMs <= 0 && phase === "granted") return warn(nowMs + lastWarningMs, nowMs);
  if (leftMs <= 0) return { tenure: undefined, effects: [{ type: "end" }] };
  if (warnMs === undefined || nowMs < warnMs) return { tenure, effects: [] };
  return warn(endMs, nowMs);
}

export function tenureDeadline({ endMs, warnMs }: Tenure): number {
  return warnMs === undefined ? endMs : Math.min(warnMs, endMs);
}

function warn(endMs: number, nowMs: number): ReturnType<typeof wakeTenure> {
  const leftMs = endMs - nowMs;
  const nextMs = leftMs / 2 >= lastWarningMs ? endMs - leftMs / 2 : undefined;
  return { tenure: { phase: "warned", endMs, warnMs: nextMs }, effects: [{ type: "warn", leftMs }] };
}
