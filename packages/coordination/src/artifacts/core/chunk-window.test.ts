import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkWindow, windowMost } from "./chunk-window.js";

/** A holder that brings one chunk after the other, each in some time, over a path of some length; asked whenever that is worth it. */
function fetched(chunks: number, serviceMs: number, pathMs: number) {
  const window = new ChunkWindow();
  const due: { readonly askedMs: number; readonly atMs: number }[] = [];
  let [nowMs, freeMs, asks, mostOpen, idleMs] = [0, 0, 0, 0, 0];
  const ask = () => {
    if (!window.isRoomy) return;
    asks++;
    for (; window.room > 0; window.ask()) {
      const arrivesMs = nowMs + pathMs / 2;
      // The first few say nothing yet of how much to ask for.
      if (due.length > 0 || asks > 20) idleMs += Math.max(0, arrivesMs - freeMs);
      freeMs = Math.max(freeMs, arrivesMs) + serviceMs;
      due.push({ askedMs: nowMs, atMs: freeMs + pathMs / 2 });
    }
    mostOpen = Math.max(mostOpen, due.length);
  };
  for (let count = 0; count < chunks; count++) {
    ask();
    const next = due.shift();
    if (next === undefined) throw new Error("Nothing is under way.");
    nowMs = next.atMs;
    window.answer(next.askedMs, nowMs);
  }
  return { asks, mostOpen, idleMs, nowMs };
}

describe("a chunk window", () => {
  it("never has more under way than it may, nor nothing, however long the path and slow the holder", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 500 }), (serviceMs, pathMs) => {
        expect(fetched(200, serviceMs, pathMs).mostOpen).toBeLessThanOrEqual(windowMost);
      }),
    );
  });

  it("keeps a holder busy, with a handful of chunks, and asks for some of them together", () => {
    const { asks, mostOpen, idleMs, nowMs } = fetched(300, 5, 1);
    expect(mostOpen).toBeLessThanOrEqual(12);
    expect(mostOpen).toBeGreaterThanOrEqual(3);
    expect(idleMs / nowMs).toBeLessThan(0.02);
    expect(asks).toBeLessThan(250);
  });

  it("fills a long path", () => {
    const { mostOpen } = fetched(300, 5, 60);
    expect(mostOpen).toBeGreaterThanOrEqual(12);
  });
});
