import type { Candidate, Signal } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fragmentOf,
  givenCandidatesMost,
  heldCandidatesMost,
  type NegotiationEffect,
  type NegotiationEvent,
  type NegotiationState,
  startNegotiation,
  stepNegotiation,
} from "./negotiation.js";
import { checkMatch, Side, settleAll } from "./two-sides.test-support.js";

const sdp = (fragment: string) => `v=0\r\na=ice-ufrag:${fragment}\r\n`;
const offer = (g: number, fragment = "r"): NegotiationEvent => signal({ t: "offer", g, sdp: sdp(fragment) });
const answer = (g: number, fragment = "r"): NegotiationEvent => signal({ t: "answer", g, sdp: sdp(fragment) });
/** An offer of a restart of generation 1, and its answer. */
const reoffer = (n: number, fragment = `r${n}`): NegotiationEvent =>
  signal({ t: "offer", g: 1, n, sdp: sdp(fragment) });
const reanswer = (n: number, fragment = `r${n}`): NegotiationEvent =>
  signal({ t: "answer", g: 1, n, sdp: sdp(fragment) });
const candidate = (c: string): Candidate => ({ c, mid: "0" });
const candidates = (g: number, u: string, ...list: string[]): NegotiationEvent =>
  signal({ t: "candidates", g, u, list: list.map(candidate) });
const offerMade = (generation: number, number = 0): NegotiationEvent => ({
  type: "offer-made",
  generation,
  number,
  sdp: sdp("l"),
});
const answerMade = (generation: number, number = 0): NegotiationEvent => ({
  type: "answer-made",
  generation,
  number,
  sdp: sdp("l"),
});
const abandoned = (generation: number): NegotiationEvent => ({ type: "abandoned", generation, reason: "no use" });
const dial: NegotiationEvent = { type: "dial" };
const undelivered: NegotiationEvent = { type: "undelivered" };
const restart: NegotiationEvent = { type: "restart" };
const bye: NegotiationEvent = signal({ t: "bye", g: 1, reason: "left" });

function signal(content: Signal): NegotiationEvent {
  return { type: "signal", signal: content };
}

/** Feeds all events; gives the last state, and the effects of the last event. */
function run(start: NegotiationState, ...events: NegotiationEvent[]) {
  let state = start;
  let effects: readonly NegotiationEffect[] = [];
  for (const event of events) ({ state, effects } = stepNegotiation(state, event));
  return { state, effects };
}

const polite = startNegotiation({ polite: true, rollback: true, restart: true });
const politeWithoutRollback = startNegotiation({ polite: true, rollback: false, restart: false });
const impolite = startNegotiation({ polite: false, rollback: true, restart: true });
const withoutRestart = startNegotiation({ polite: true, rollback: true, restart: false });

/** How each phase is reached, in generation 1. */
const ways: Record<NegotiationState["phase"], NegotiationEvent[]> = {
  idle: [dial, abandoned(1)],
  offering: [dial],
  offered: [dial, offerMade(1)],
  unheard: [dial, offerMade(1), undelivered],
  answering: [offer(1)],
  settled: [dial, offerMade(1), answer(1)],
};
/** How the phases of a first restart are reached. */
const restarting = [...ways.settled, restart];
const restarted = [...restarting, offerMade(1, 1)];

type Row = [
  name: string,
  start: NegotiationState,
  before: NegotiationEvent[],
  event: NegotiationEvent,
  effects: string,
];
const rows: Row[] = [
  ["idle + dial -> offering", polite, ways.idle, dial, "open 2, make-offer"],
  ["offering + dial -> offering", polite, ways.offering, dial, "open 2, make-offer"],
  ["offered + dial -> offering", polite, ways.offered, dial, "open 2, make-offer"],
  ["answering + dial -> offering", polite, ways.answering, dial, "open 2, make-offer"],
  ["settled + dial -> offering", polite, ways.settled, dial, "open 2, make-offer"],

  ["offering + offer made -> offered", polite, ways.offering, offerMade(1), "send offer 1"],
  ["offering + offer made of an older generation -> offering", polite, [dial, dial], offerMade(1), ""],
  ["idle + offer made -> idle", polite, ways.idle, offerMade(1), ""],
  ["answering + offer made -> answering", polite, [dial, offer(1)], offerMade(1), ""],
  ["settled + offer made -> settled", polite, ways.settled, offerMade(1), ""],
  ["answering + answer made -> settled", polite, ways.answering, answerMade(1), "send answer 1"],
  ["answering + answer made of an older generation -> answering", polite, [offer(1), offer(2)], answerMade(1), ""],
  ["idle + answer made -> idle", polite, [offer(1), abandoned(1)], answerMade(1), ""],

  ["offered + answer -> settled", polite, ways.offered, answer(1), "take-answer"],
  ["offered + answer of an older generation -> offered", polite, [dial, dial, offerMade(2)], answer(1), ""],
  ["offered + answer of a newer generation -> offered", polite, ways.offered, answer(2), ""],
  ["offering + answer -> offering", polite, ways.offering, answer(1), ""],
  ["answering + answer -> answering", polite, ways.answering, answer(1), ""],
  ["settled + answer -> settled", polite, ways.settled, answer(1, "other"), ""],
  ["idle + answer -> idle", polite, ways.idle, answer(1), ""],

  ["offering + undelivered -> offering", polite, ways.offering, undelivered, ""],
  ["offered + undelivered -> unheard", polite, ways.offered, undelivered, ""],
  ["settled + undelivered -> settled", polite, ways.settled, undelivered, ""],
  ["unheard + dial -> offering", polite, ways.unheard, dial, "open 2, make-offer"],
  ["unheard + answer -> settled", polite, ways.unheard, answer(1), "take-answer"],
  ["unheard + bye -> idle", polite, ways.unheard, bye, "close"],
  ["unheard + remote offer, impolite -> answering", impolite, ways.unheard, offer(1), "make-answer"],
  [
    "unheard + remote offer, impolite, older -> unheard",
    impolite,
    [dial, dial, offerMade(2), undelivered],
    offer(1),
    "",
  ],
  ["unheard + restart -> offering", impolite, [...restarted, undelivered], restart, "make-offer 2"],
  [
    "unheard + remote restart, impolite -> answering",
    impolite,
    [...restarted, undelivered],
    reoffer(1),
    "make-answer 1",
  ],

  ["idle + remote offer, newer -> answering", polite, ways.idle, offer(2), "open 2, make-answer"],
  ["idle + remote offer, far newer -> answering", polite, ways.idle, offer(900), "open 900, make-answer"],
  ["idle + remote offer, same generation -> idle", polite, ways.idle, offer(1), ""],
  ["idle + remote offer, older -> idle", polite, [dial, dial, abandoned(2)], offer(1), ""],
  ["offering + remote offer, polite, rollback -> answering", polite, ways.offering, offer(1), "make-answer"],
  ["offered + remote offer, polite, rollback -> answering", polite, ways.offered, offer(1), "make-answer"],
  [
    "offering + remote offer, polite, no rollback -> answering",
    politeWithoutRollback,
    ways.offering,
    offer(1),
    "open 1, make-answer",
  ],
  [
    "offered + remote offer, polite, no rollback -> answering",
    politeWithoutRollback,
    ways.offered,
    offer(1),
    "open 1, make-answer",
  ],
  ["offering + remote offer, impolite -> offering", impolite, ways.offering, offer(1), ""],
  ["offered + remote offer, impolite -> offered", impolite, ways.offered, offer(1), ""],
  ["offered + remote offer, impolite, newer -> answering", impolite, ways.offered, offer(2), "open 2, make-answer"],
  ["offered + remote offer, polite, older -> offered", polite, [dial, dial, offerMade(2)], offer(1), ""],
  ["answering + remote offer, same generation -> answering", polite, ways.answering, offer(1), ""],
  ["answering + remote offer, newer -> answering", polite, ways.answering, offer(2), "open 2, make-answer"],
  ["settled + remote offer, newer -> answering", polite, ways.settled, offer(2), "open 2, make-answer"],
  ["settled + remote offer, older -> settled", polite, [dial, ...[dial, offerMade(2), answer(2)]], offer(1), ""],
  // An offer that crossed ours and was held back on its way: it is of a connection that the other side has given up.
  ["settled + remote offer, impolite, same generation -> settled", impolite, ways.settled, offer(1, "stale"), ""],
  ["settled + remote offer, polite, same generation -> settled", polite, ways.settled, offer(1, "stale"), ""],

  ["settled + restart -> offering", polite, ways.settled, restart, "make-offer 1"],
  ["settled as answerer + restart -> offering", polite, [offer(1), answerMade(1)], restart, "make-offer 1"],
  ["settled + restart, the engine can't -> settled", withoutRestart, ways.settled, restart, ""],
  [
    "settled + restart, out of numbers -> settled",
    polite,
    [offer(1), reoffer(9e15), reoffer(2 ** 53 - 1), answerMade(1, 2 ** 53 - 1)],
    restart,
    "",
  ],
  ["idle + restart -> idle", polite, ways.idle, restart, ""],
  ["offering + restart -> offering", polite, restarting, restart, ""],
  ["answering + restart -> answering", polite, ways.answering, restart, ""],
  // The offer may be lost, or of a network that is gone again.
  ["offered + restart -> offering", polite, restarted, restart, "make-offer 2"],
  ["offering + offer of a restart made -> offered", polite, restarting, offerMade(1, 1), "send offer 1 n 1"],
  ["offering + offer made before the restart -> offering", polite, restarting, offerMade(1), ""],
  ["restarting + dial -> offering", polite, restarted, dial, "open 2, make-offer"],
  ["offered a restart + its answer -> settled", polite, restarted, reanswer(1), "take-answer"],
  ["offered a restart + answer to an earlier offer -> offered", polite, restarted, answer(1), ""],
  ["offered a restart + answer to no offer -> offered", polite, restarted, reanswer(2), ""],
  [
    "offered again + answer to the restart before -> offered",
    polite,
    [...restarted, restart, offerMade(1, 2)],
    reanswer(1),
    "",
  ],
  ["settled + remote restart -> answering", impolite, ways.settled, reoffer(1), "make-answer 1"],
  ["settled + remote restart, the engine can't -> settled", withoutRestart, ways.settled, reoffer(1), ""],
  [
    "settled + remote restart, held back -> settled",
    polite,
    [...ways.settled, reoffer(2), answerMade(1, 2)],
    reoffer(1),
    "",
  ],
  [
    "settled + remote restart, repeated -> settled",
    polite,
    [...ways.settled, reoffer(1), answerMade(1, 1)],
    reoffer(1),
    "",
  ],
  ["idle + remote restart -> idle", polite, ways.idle, reoffer(1), ""],
  [
    "answering + answer to a restart made -> settled",
    polite,
    [...ways.settled, reoffer(1)],
    answerMade(1, 1),
    "send answer 1 n 1",
  ],
  ["answering + remote restart -> answering", impolite, [...ways.settled, reoffer(1)], reoffer(2), "make-answer 2"],
  [
    "answering + answer made to the restart before -> answering",
    polite,
    [...ways.settled, reoffer(1), reoffer(2)],
    answerMade(1, 1),
    "",
  ],
  ["offering + remote restart that crosses, polite -> answering", polite, restarting, reoffer(1), "make-answer 1"],
  ["offered + remote restart that crosses, polite -> answering", polite, restarted, reoffer(1), "make-answer 1"],
  ["offering + remote restart that crosses, impolite -> offering", impolite, restarting, reoffer(1), ""],
  ["offered + remote restart that crosses, impolite -> offered", impolite, restarted, reoffer(1), ""],
  // Whoever counts higher has answered ours: its answer is held back, or lost.
  [
    "offered + remote restart with a higher number, impolite -> answering",
    impolite,
    restarted,
    reoffer(2),
    "make-answer 2",
  ],
  [
    "offered + remote restart of the first offer, impolite -> answering",
    impolite,
    ways.offered,
    reoffer(1),
    "make-answer 1",
  ],
  [
    "offered + remote restart with a lower number, polite -> offered",
    polite,
    [...restarted, restart, offerMade(1, 2)],
    reoffer(1),
    "",
  ],
  ["restarting + remote offer, newer generation -> answering", impolite, restarted, offer(2), "open 2, make-answer"],

  ["offering + bye -> idle", polite, ways.offering, bye, "close"],
  ["offered + bye -> idle", polite, ways.offered, bye, "close"],
  ["answering + bye -> idle", polite, ways.answering, bye, "close"],
  ["settled + bye -> idle", polite, ways.settled, bye, "close"],
  ["idle + bye -> idle", polite, ways.idle, bye, ""],
  ["offered + bye of an older generation -> offered", polite, [dial, dial, offerMade(2)], bye, ""],
  ["offered + abandoned -> idle", polite, ways.offered, abandoned(1), "send bye 1, close"],
  ["settled + abandoned -> idle", polite, ways.settled, abandoned(1), "send bye 1, close"],
  ["offering + abandoned of an older generation -> offering", polite, [dial, dial], abandoned(1), ""],
  ["idle + abandoned -> idle", polite, ways.idle, abandoned(1), ""],
];

function told(effect: NegotiationEffect): string {
  if (effect.type === "open") return `open ${effect.generation}`;
  if (effect.type !== "send")
    return "number" in effect && effect.number > 0 ? `${effect.type} ${effect.number}` : effect.type;
  const { signal } = effect;
  return `send ${signal.t} ${signal.g}${"n" in signal ? ` n ${signal.n}` : ""}`;
}

describe("negotiation", () => {
  it.each(rows)("%s", (name, start, before, event, effects) => {
    const after = run(start, ...before, event);
    expect(after.state.phase).toBe(name.split("-> ")[1]);
    expect(after.effects.map(told).join(", ")).toBe(effects);
  });

  it("offers and answers carry what the engine made", () => {
    expect(run(polite, dial, offerMade(1)).effects).toEqual([
      { type: "send", signal: { t: "offer", g: 1, sdp: sdp("l") } },
    ]);
    expect(run(polite, offer(4, "theirs")).effects).toEqual([
      { type: "open", generation: 4 },
      { type: "make-answer", number: 0, sdp: sdp("theirs") },
    ]);
    expect(run(polite, ...restarting, offerMade(1, 1)).effects).toEqual([
      { type: "send", signal: { t: "offer", g: 1, n: 1, sdp: sdp("l") } },
    ]);
    expect(run(polite, dial, offerMade(1), answer(1, "theirs")).effects).toEqual([
      { type: "take-answer", sdp: sdp("theirs") },
    ]);
  });
});

describe("candidates of ours", () => {
  const found = (generation: number): NegotiationEvent => ({
    type: "candidates-found",
    generation,
    fragment: "l",
    list: [candidate("a")],
  });

  it.each(["offering", "offered", "unheard", "answering", "settled"] as const)("go out while %s", (phase) => {
    expect(run(polite, ...ways[phase], found(1)).effects).toEqual([
      { type: "send", signal: { t: "candidates", g: 1, u: "l", list: [candidate("a")] } },
    ]);
  });

  it("stay here once their connection was given up", () => {
    expect(run(polite, ...ways.idle, found(1)).effects).toEqual([]);
    expect(run(polite, dial, dial, found(1)).effects).toEqual([]);
  });
});

describe("candidates of theirs", () => {
  const added = (...list: string[]) => ({ type: "add-candidates", list: list.map(candidate) });

  it("are handed over at once behind their description", () => {
    expect(run(polite, offer(1), candidates(1, "r", "a", "b")).effects).toEqual([added("a", "b")]);
    expect(run(polite, dial, offerMade(1), answer(1), candidates(1, "r", "a")).effects).toEqual([added("a")]);
  });

  it("that come first wait for their description, and follow it in their order", () => {
    const { effects, state } = run(polite, candidates(1, "r", "a"), candidates(1, "r", "b"), offer(1));
    expect(effects.map(told)).toEqual(["open 1", "make-answer", "add-candidates", "add-candidates"]);
    expect(effects.slice(2)).toEqual([added("a"), added("b")]);
    expect(state.held).toEqual([]);
    const behindAnswer = run(polite, dial, offerMade(1), candidates(1, "r", "a"), answer(1));
    expect(behindAnswer.effects.slice(1)).toEqual([added("a")]);
  });

  it("end with an empty list, which waits like any other", () => {
    expect(run(polite, candidates(1, "r"), offer(1)).effects.slice(2)).toEqual([added()]);
    expect(run(polite, offer(1), candidates(1, "r")).effects).toEqual([added()]);
  });

  it("of an older generation are dropped, whether they come late or waited too long", () => {
    expect(run(polite, offer(2), candidates(1, "r", "a"))).toMatchObject({ effects: [], state: { held: [] } });
    const { effects, state } = run(polite, candidates(1, "r", "a"), candidates(3, "r", "c"), offer(2));
    expect(effects.map(told)).toEqual(["open 2", "make-answer"]);
    expect(state.held.map(({ generation }) => generation)).toEqual([3]);
  });

  it("of an offer that lost the glare are not handed to the connection that won", () => {
    const { effects } = run(impolite, dial, offerMade(1), candidates(1, "loser", "x"), answer(1, "winner"));
    expect(effects.map(told)).toEqual(["take-answer"]);
    expect(run(impolite, dial, offerMade(1), answer(1, "winner"), candidates(1, "loser", "x")).effects).toEqual([]);
  });

  it("of a restart wait for its description, while those of the one in force go on", () => {
    const before = run(polite, ...restarted, candidates(1, "r", "a"));
    expect(before.effects).toEqual([added("a")]);
    const { effects, state } = run(before.state, candidates(1, "r1", "b"), reanswer(1));
    expect(effects).toEqual([{ type: "take-answer", sdp: sdp("r1") }, added("b")]);
    expect(run(state, candidates(1, "r", "late")).effects).toEqual([]);
  });

  it("of a description without a fragment are not handed over", () => {
    const bare = signal({ t: "offer", g: 1, sdp: "v=0\r\n" });
    expect(run(polite, bare, candidates(1, "r", "a"), candidates(1, "undefined", "a")).effects).toEqual([]);
  });

  it("that wait are bounded, whatever comes: the oldest leave first", () => {
    const lists = fc.array(fc.array(fc.constant("x"), { maxLength: 64 }), { maxLength: 40 });
    fc.assert(
      fc.property(lists, fc.nat(3), (all, g) => {
        const { state } = run(polite, ...all.map((list, i) => candidates(g, `f${i}`, ...list)));
        const held = state.held.reduce((sum, { list }) => sum + Math.max(1, list.length), 0);
        expect(held).toBeLessThanOrEqual(heldCandidatesMost);
        // What is held is the end of what came.
        const last = all.map((_, i) => `f${i}`).slice(all.length - state.held.length);
        expect(state.held.map(({ fragment }) => fragment)).toEqual(g === 0 && all.length === 0 ? [] : last);
      }),
    );
  });

  it("that wait are bounded also where one list is larger than all that may wait", () => {
    const { state } = run(polite, candidates(1, "r", ...new Array<string>(heldCandidatesMost + 1).fill("x")));
    expect(state.held).toEqual([]);
  });

  it("that an engine is given for one description are bounded, and counted anew for the next", () => {
    const flood = (count: number, fragment: string) =>
      Array.from({ length: count }, (_, i) => candidates(1, fragment, `${i}`));
    const handed = (events: NegotiationEvent[]) => {
      let { state } = run(polite);
      let count = 0;
      for (const event of events) {
        const step = stepNegotiation(state, event);
        state = step.state;
        count += step.effects.filter(({ type }) => type === "add-candidates").length;
      }
      return count;
    };
    expect(handed([offer(1), ...flood(5_000, "r")])).toBe(givenCandidatesMost);
    expect(handed([...flood(300, "r"), offer(1), ...flood(5_000, "r")])).toBe(givenCandidatesMost);
    const again = [offer(1), ...flood(5_000, "r"), answerMade(1), reoffer(1, "s"), ...flood(5_000, "s")];
    expect(handed(again)).toBe(2 * givenCandidatesMost);
  });
});

describe("the fragment of a description", () => {
  it.each([
    ["a=ice-ufrag:abc\r\n", "abc"],
    ["v=0\r\na=ice-ufrag:ab+/\r\na=ice-pwd:x\r\n", "ab+/"],
    ["v=0\na=ice-ufrag:lf\n", "lf"],
    ["v=0\r\nx a=ice-ufrag:no\r\n", undefined],
    ["a=ice-ufrag:\r\n", undefined],
    ["", undefined],
  ])("of %j is %s", (text, fragment) => {
    expect(fragmentOf(text)).toBe(fragment);
  });
});

/** What the adversary may do: let a side dial or its engine work, carry a signal, lose it, or carry it twice. */
const move = fc.record({
  what: fc.constantFrom(
    ...["dial", "lose", "repeat", "abandon", "restart", "restart", "restart"],
    ...new Array<string>(5).fill("work"),
    ...new Array<string>(8).fill("carry"),
  ),
  side: fc.constantFrom(0, 1),
  which: fc.nat(7),
});
type Move = { what: string; side: number; which: number };

function twoSides(politeFirst: boolean, rollback: readonly [boolean, boolean]): [Side, Side] {
  // What can roll back can restart here. Where one side can't, the other doesn't try: the cards say so.
  const restart = rollback[0] && rollback[1];
  return [
    new Side("a", { polite: politeFirst, rollback: rollback[0], restart }),
    new Side("b", { polite: !politeFirst, rollback: rollback[1], restart }),
  ];
}

function play(sides: [Side, Side], moves: readonly Move[], allowed: ReadonlySet<string>, ordered: boolean): void {
  for (const { what, side: index, which } of moves) {
    if (!allowed.has(what)) continue;
    const side = sides[index] as Side;
    const other = sides[1 - index] as Side;
    const before = side.state;
    const at = ordered ? 0 : which % Math.max(1, side.sent.length);
    if (what === "dial") side.feed({ type: "dial" });
    if (what === "restart") side.feed({ type: "restart" });
    if (what === "abandon") side.feed({ type: "abandoned", generation: side.state.generation, reason: "no use" });
    if (what === "work") side.work();
    if (what === "carry") other.take(side.sent.splice(at, 1)[0]);
    if (what === "lose") {
      side.sent.splice(at, 1);
      // The server says so in most cases.
      if (which % 4 > 0) side.feed({ type: "undelivered" });
    }
    if (what === "repeat") other.take(side.sent[at]);
    expect(side.state.generation).toBeGreaterThanOrEqual(before.generation);
    if (side.state.generation === before.generation) expect(side.state.number).toBeGreaterThanOrEqual(before.number);
    checkHeld(side);
  }
}

function checkHeld(side: Side): void {
  const held = side.state.held.reduce((sum, { list }) => sum + Math.max(1, list.length), 0);
  expect(held).toBeLessThanOrEqual(heldCandidatesMost);
}

const moves = fc.array(move, { maxLength: 60 });
const world = fc.record({ politeFirst: fc.boolean(), rollback: fc.tuple(fc.boolean(), fc.boolean()) });

describe("two sides over an adversary's network", () => {
  it.each([
    ["in order", true],
    ["in any order", false],
  ])("settle on one offer when nothing is lost, however dials and signals interleave, %s", (_name, ordered) => {
    fc.assert(
      fc.property(world, moves, ({ politeFirst, rollback }, all) => {
        const sides = twoSides(politeFirst, rollback);
        // Both at once: what crosses is what is hard.
        for (const side of sides) side.feed({ type: "dial" });
        play(sides, all, new Set(["dial", "restart", "work", "carry"]), ordered);
        settleAll(sides);
        checkMatch(sides);
        for (const side of sides) {
          expect(side.candidatesMissed()).toEqual([]);
          expect(side.candidatesRepeated()).toEqual([]);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["in order", true],
    ["in any order", false],
  ])("go on over the same connections, however restarts of both interleave, %s", (_name, ordered) => {
    fc.assert(
      fc.property(fc.boolean(), moves, (politeFirst, all) => {
        const sides = twoSides(politeFirst, [true, true]);
        sides[0].feed({ type: "dial" });
        settleAll(sides);
        const connections = sides.map(({ connection }) => connection);
        play(sides, all, new Set(["restart", "work", "carry"]), ordered);
        settleAll(sides);
        checkMatch(sides);
        expect(sides.map(({ connection }) => connection)).toEqual(connections);
        for (const [index, side] of sides.entries()) {
          expect(side.connection).toBe(connections[index]);
          expect(side.candidatesMissed()).toEqual([]);
          expect(side.candidatesRepeated()).toEqual([]);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("have a restart that works after any that were lost, repeated or held back", () => {
    fc.assert(
      fc.property(fc.boolean(), moves, fc.constantFrom(0, 1), (politeFirst, all, last) => {
        const sides = twoSides(politeFirst, [true, true]);
        sides[0].feed({ type: "dial" });
        settleAll(sides);
        const connections = sides.map(({ connection }) => connection);
        play(sides, all, new Set(["restart", "work", "carry", "lose", "repeat"]), false);
        settleAll(sides);
        // Both still in doubt, both restart again, the one a little later than the other.
        for (const side of [sides[last as 0 | 1], sides[last === 0 ? 1 : 0]]) {
          side.feed({ type: "restart" });
          settleAll(sides);
        }
        checkMatch(sides);
        for (const [index, side] of sides.entries()) expect(side.connection).toBe(connections[index]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("come together after loss, repeats, reordering and abandoned attempts, once whoever has no path dials again", () => {
    fc.assert(
      fc.property(world, moves, ({ politeFirst, rollback }, all) => {
        const sides = twoSides(politeFirst, rollback);
        play(sides, all, new Set(["dial", "restart", "work", "carry", "lose", "repeat", "abandon"]), false);
        settleAll(sides);
        // What the dialing core does in the end, on each side that has no path.
        const stuck = sides.filter((side) => side.state.phase !== "settled");
        for (const side of stuck.length === 0 ? [sides[0]] : stuck) side.feed({ type: "dial" });
        settleAll(sides);
        checkMatch(sides);
      }),
      { numRuns: 500 },
    );
  });

  it("settle on the impolite side's offer, in every interleaving of a glare", () => {
    for (const rollback of [true, false]) {
      for (let order = 0; order < 2 ** 12; order++) {
        const sides = twoSides(true, [rollback, rollback]);
        for (const side of sides) side.feed({ type: "dial" });
        for (let step = 0; step < 12; step++) {
          const index = (order >> step) & 1;
          const side = sides[index] as Side;
          // Each side in turn lets its engine work, or has its next signal carried.
          if (side.canWork) side.work();
          else (sides[1 - index] as Side).take(side.sent.shift());
        }
        settleAll(sides);
        checkMatch(sides);
        expect(sides.map((side) => side.connection?.local?.type)).toEqual(["answer", "offer"]);
        expect(sides.map((side) => side.state.generation)).toEqual([1, 1]);
      }
    }
  });
});
