import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Ask, ReadWindow } from "./read-window.js";

const pieceBytes = 64 * 1024;

/** A link that carries one piece after the other, each `serviceMs` long, and takes `delayMs` there and back. */
function transfer(link: { readonly serviceMs: number; readonly delayMs: number }, pieces: number) {
  const window = new ReadWindow(pieceBytes);
  const open: { readonly ask: Ask; readonly atMs: number }[] = [];
  const limits: number[] = [];
  let nowMs = 0;
  let freeAtMs = 0;
  let asked = 0;
  while (asked < pieces || open.length > 0) {
    while (asked < pieces && window.hasRoom(pieceBytes)) {
      freeAtMs = Math.max(freeAtMs, nowMs) + link.serviceMs;
      open.push({ ask: window.ask(pieceBytes, nowMs), atMs: freeAtMs + link.delayMs });
      asked++;
    }
    const next = open.shift();
    if (next === undefined) throw new Error("nothing may be asked for");
    nowMs = next.atMs;
    window.answer(next.ask, nowMs);
    limits.push(window.limitBytes / pieceBytes);
  }
  return { limits, share: (pieces * link.serviceMs) / nowMs };
}

describe("ReadWindow", () => {
  it("asks for one piece at first", () => {
    const window = new ReadWindow(pieceBytes);
    window.ask(pieceBytes, 0);
    expect(window.hasRoom(1)).toBe(false);
  });

  it("always lets something go, also what is larger than it", () => {
    expect(new ReadWindow(pieceBytes).hasRoom(10 * pieceBytes)).toBe(true);
  });

  it("builds no queue where the link is short", () => {
    const { limits } = transfer({ serviceMs: 2, delayMs: 0.1 }, 10_000);
    expect(Math.max(...limits)).toBeLessThanOrEqual(3);
  });

  it("keeps a link busy, and its queue short, whatever its rate and length", () => {
    const link = fc.record({
      serviceMs: fc.double({ min: 0.5, max: 50, noNaN: true }),
      delayMs: fc.double({ min: 0.1, max: 100, noNaN: true }),
    });
    fc.assert(
      fc.property(link, ({ serviceMs, delayMs }) => {
        fc.pre(delayMs / serviceMs < 40);
        const { limits, share } = transfer({ serviceMs, delayMs }, 4_000);
        expect(share).toBeGreaterThan(0.6);
        const [median] = limits.toSorted((a, b) => a - b).slice(limits.length / 2);
        const fills = delayMs / serviceMs + 1;
        expect(median).toBeLessThanOrEqual(fills + 2);
      }),
      { numRuns: 200 },
    );
  });

  it("finds the new length of a path that became longer", () => {
    const window = new ReadWindow(pieceBytes);
    let nowMs = 0;
    const round = (ms: number): void => {
      const asks: Ask[] = [];
      while (window.hasRoom(pieceBytes)) asks.push(window.ask(pieceBytes, nowMs));
      nowMs += ms;
      for (const ask of asks) window.answer(ask, nowMs);
    };
    for (let i = 0; i < 100; i++) round(1);
    for (let i = 0; i < 300; i++) round(100);
    expect(window.limitBytes / pieceBytes).toBeGreaterThan(20);
  });

  it("takes failures out of what is under way", () => {
    const window = new ReadWindow(pieceBytes);
    window.giveUp(window.ask(pieceBytes, 0));
    expect(window.hasRoom(pieceBytes)).toBe(true);
  });
});
