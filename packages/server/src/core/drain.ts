/**
 * When each of `count` clients is to go, so that all have gone within `spreadMs`: evenly, the first at once. Whoever takes them in
 * next thus gets them one after another.
 */
export function drainAfterMs(index: number, count: number, spreadMs: number): number {
  return count <= 1 ? 0 : (index * spreadMs) / count;
}
