import type { PeerId } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { announceEveryMs, leftMost, PresenceBook, type PresenceEffect, type PresenceEvent } from "./presence-book.js";

const id = (number: number) => `peer-${number}` as PeerId;
const idle = { capabilities: [], load: 0 };
const reachable = (number: number): PresenceEvent => ({
  type: "reachable",
  id: id(number),
  name: undefined,
  status: idle,
  wallMs: 1,
});
const gone = (number: number): PresenceEvent => ({ type: "gone", id: id(number), wallMs: 2 });
const ours: PresenceEvent = { type: "ours" };
const woke: PresenceEvent = { type: "woke" };
const status = (number: number, isHello: boolean): PresenceEvent => ({
  type: "status",
  id: id(number),
  status: { capabilities: ["ocr"], load: 0.5 },
  isHello,
  wallMs: 3,
});
const types = (effects: readonly PresenceEffect[]) => effects.map(({ type }) => type);

describe("the book of who is here", () => {
  it("greets whoever comes, and asks it to do the same", () => {
    const book = new PresenceBook();
    expect(book.handle(reachable(1), 0)).toMatchObject([{ type: "joined" }, { type: "announce", isHello: true }]);
  });

  it("answers a greeting, and only that", () => {
    const book = new PresenceBook();
    const session = sessionOf(book.handle(reachable(1), 0));
    book.handle({ type: "told", id: id(1), session }, 0);
    expect(book.handle(status(1, true), 0)).toMatchObject([{ type: "changed" }, { type: "announce", isHello: false }]);
    book.handle({ type: "told", id: id(1), session }, 0);
    expect(types(book.handle(status(1, false), 0))).toEqual([]);
  });

  it("lets a card speak for its peer until it speaks for itself", () => {
    const book = new PresenceBook();
    book.handle(reachable(1), 0);
    const card: PresenceEvent = {
      type: "card",
      id: id(1),
      name: "fern",
      status: { capabilities: ["old"], load: 0, meta: 1 },
    };
    book.handle(card, 0);
    expect(book.get(id(1))).toMatchObject({ capabilities: ["old"], name: "fern", meta: 1 });
    book.handle(status(1, false), 0);
    book.handle(card, 0);
    expect(book.get(id(1))).toMatchObject({ capabilities: ["ocr"], load: 0.5, name: "fern", meta: undefined });
  });

  it("gathers what changes in a tenth of a second", () => {
    const book = new PresenceBook();
    const session = sessionOf(book.handle(reachable(1), 0));
    book.handle({ type: "told", id: id(1), session }, 0);
    expect(types(book.handle(ours, 5))).toEqual(["announce"]);
    book.handle({ type: "told", id: id(1), session }, 5);
    for (let nowMs = 6; nowMs < 50; nowMs++) expect(book.handle(ours, nowMs)).toEqual([]);
    expect(book.deadline()?.atMs).toBe(5 + announceEveryMs);
    expect(types(book.handle(woke, 5 + announceEveryMs))).toEqual(["announce"]);
    expect(book.deadline()).toBeUndefined();
  });

  it("has one announcement under way to each, and one more for all the news meanwhile", () => {
    const book = new PresenceBook();
    const session = sessionOf(book.handle(reachable(1), 0));
    for (let nowMs = 0; nowMs < 1_000; nowMs += announceEveryMs) expect(book.handle(ours, nowMs)).toEqual([]);
    expect(types(book.handle({ type: "told", id: id(1), session }, 1_000))).toEqual(["announce"]);
    expect(book.handle({ type: "told", id: id(1), session }, 1_000)).toEqual([]);
  });

  it("remembers when it last heard of those who left, and of no more than so many", () => {
    const book = new PresenceBook();
    for (let number = 0; number <= leftMost; number++) {
      book.handle(reachable(number), 0);
      book.handle(gone(number), 0);
    }
    expect(book.seenMs(id(0))).toBeUndefined();
    expect(book.seenMs(id(1))).toBe(2);
    expect([...book.peers()]).toEqual([]);
  });

  it("tells of each coming and going in turn, and never has two announcements to one under way", () => {
    const event = fc.oneof(
      fc.nat(3).map(reachable),
      fc.nat(3).map(gone),
      fc.tuple(fc.nat(3), fc.boolean()).map(([number, isHello]) => status(number, isHello)),
      fc.constant(ours),
      fc.constant(woke),
      fc.constant("told" as const),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat(150)), { maxLength: 60 }), (events) => {
        const book = new PresenceBook();
        const here = new Set<PeerId>();
        const open: Extract<PresenceEffect, { type: "announce" }>[] = [];
        let nowMs = 0;
        for (const [next, afterMs] of events) {
          nowMs += afterMs;
          const told = next === "told" ? open.shift() : undefined;
          if (next === "told" && told === undefined) continue;
          const fed: PresenceEvent =
            told === undefined ? (next as PresenceEvent) : { type: "told", id: told.to, session: told.session };
          for (const effect of book.handle(fed, nowMs)) {
            if (effect.type === "joined") expect(here.has(effect.peer.id)).toBe(false);
            if (effect.type === "joined") here.add(effect.peer.id);
            if (effect.type === "changed") expect(here.has(effect.peer.id)).toBe(true);
            if (effect.type === "left") expect(here.delete(effect.peer.id)).toBe(true);
            if (effect.type !== "announce") continue;
            expect(here.has(effect.to)).toBe(true);
            expect(open.some(({ to, session }) => to === effect.to && session === effect.session)).toBe(false);
            open.push(effect);
          }
          expect(new Set([...book.peers()].map((peer) => peer.id))).toEqual(here);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function sessionOf(effects: readonly PresenceEffect[]): number {
  return effects.flatMap((effect) => (effect.type === "announce" ? [effect.session] : []))[0] ?? -1;
}
