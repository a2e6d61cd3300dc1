const firstMs = 1_000;
const mostMs = 15_000;

/** How long to wait before join number `attempt` (from 1) is tried again: doubling, with full jitter above half. */
export function retryAfterMs(attempt: number, roll: number): number {
  const ceiling = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 10));
  return Math.round(ceiling * (0.5 + roll / 2));
}
