import type { PeerId } from "@skein/protocol";
import type { ChunkWindow } from "./chunk-window.js";

/** A chunk that takes this many times as long as a faster holder would is asked of that one as well; never sooner than the second. */
const overtakeTimes = 4;
const overtakeLeastMs = 1_000;

/** Who is asked for chunks, or may be. */
export interface Holder {
  readonly window: ChunkWindow;
  /** When each of its chunks was asked for. */
  readonly open: Map<number, number>;
  /** When it said anything last, or was asked after having been idle. */
  heardMs: number;
}

export interface Overtaking {
  readonly index: number;
  readonly by: PeerId;
  /** From when on. */
  readonly atMs: number;
}

/** The chunks that a holder with nothing to do would bring much sooner than the one that was asked. */
export function overtakings(holders: ReadonlyMap<PeerId, Holder>, missing: ReadonlySet<number>): readonly Overtaking[] {
  const idle = [...holders].find(([, { open, window }]) => open.size === 0 && window.shortestMs !== undefined);
  if (idle === undefined) return [];
  const [by, { window }] = idle;
  const afterMs = Math.max(overtakeLeastMs, overtakeTimes * (window.shortestMs ?? 0));
  const times = new Map<number, number>();
  const held = [...holders.values()].flatMap(({ open }) => [...open]);
  for (const [index] of held) times.set(index, (times.get(index) ?? 0) + 1);
  const slow = held.filter(([index]) => missing.has(index) && times.get(index) === 1);
  return slow.map(([index, askedMs]) => ({ index, by, atMs: askedMs + afterMs }));
}
