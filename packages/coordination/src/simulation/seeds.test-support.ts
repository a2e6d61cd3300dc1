/**
 * The seeds of this run: from `SKEIN_SEED` on (1), `SKEIN_SEEDS` of them (a few hundred). A failure names its seed, which alone runs it again:
 * `SKEIN_SEED=17 SKEIN_SEEDS=1 vitest run --project unit packages/coordination`.
 */
export function seeds(count: number): readonly number[] {
  const first = Number(process.env.SKEIN_SEED ?? 1);
  return Array.from({ length: Number(process.env.SKEIN_SEEDS ?? count) }, (_, index) => first + index);
}

export const seedsTimeoutMs = 3_600_000;
