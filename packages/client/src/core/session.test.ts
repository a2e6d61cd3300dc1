import { type Acknowledgement, decodeFrame, type WireRecord } from "@skein/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cursor, recordOverheadBytes, Session } from "./session.js";

const windowBytes = 2_000;
const messageBytes = 10_000;
const pieceBytes = 300;
/** Less than the windows of all lanes together: either may be what holds a side back. */
const unacknowledgedBytes = 4_000;
const frameBytes = 700;

interface Delivered {
  readonly lane: number;
  readonly message: Uint8Array;
}

/** One end, and what came out of it. */
class End {
  readonly delivered: Delivered[] = [];
  readonly violations: string[] = [];
  /** Delivered, and not dealt with yet. */
  readonly held: Delivered[] = [];
  readonly session: Session;
  mostHeldBytes = 0;

  constructor() {
    this.session = new Session(
      { windowBytes, messageBytes, pieceBytes, unacknowledgedBytes },
      {
        deliver: (lane, message) => {
          this.delivered.push({ lane, message });
          this.held.push({ lane, message });
          const bytes = this.held
            .filter((other) => other.lane === lane)
            .reduce((sum, it) => sum + it.message.length, 0);
          this.mostHeldBytes = Math.max(this.mostHeldBytes, bytes);
        },
        violate: (reason) => this.violations.push(reason),
      },
    );
  }

  receive(frame: Uint8Array, nowMs: number): void {
    const records = decodeFrame(frame);
    if (!records.ok) throw new Error(records.reason);
    for (const record of records.value) {
      if (record.type === "data") this.session.receive(record, nowMs);
      else if (record.type === "acknowledgement") this.session.receiveAcknowledgement(record.acknowledgement);
    }
  }

  release(): void {
    const first = this.held.shift();
    if (first !== undefined) this.session.release(first.lane, first.message.length);
  }
}

/** A path on which both sides have just said what they have. */
function resumed(session: Session): Cursor {
  const cursor = session.resume({ next: 0, credit: [0, 0, 0] }, session.acknowledgement);
  if (cursor === undefined) throw new Error("resume was refused");
  return cursor;
}

/** A path: frames in order each way, until it is cut and all that is under way is gone. */
class Path {
  readonly #ends: readonly [End, End];
  readonly #cursors: readonly [Cursor, Cursor];
  readonly #underWay: readonly [Uint8Array[], Uint8Array[]] = [[], []];

  /** @param hellos what each side says of itself, which may be older than what it knows by now. */
  constructor(ends: readonly [End, End], hellos: readonly [Acknowledgement, Acknowledgement]) {
    this.#ends = ends;
    const first = ends[0].session.resume(hellos[1], hellos[0]);
    const second = ends[1].session.resume(hellos[0], hellos[1]);
    if (first === undefined || second === undefined) throw new Error("resume was refused");
    this.#cursors = [first, second];
  }

  /** Late enough for every acknowledgement that is owed, unless told otherwise. */
  pull(side: 0 | 1, nowMs = Number.POSITIVE_INFINITY): boolean {
    const frame = this.#ends[side].session.pull(this.#cursors[side], frameBytes, nowMs);
    if (frame === undefined) return false;
    expect(frame.length).toBeLessThanOrEqual(frameBytes);
    this.#underWay[side].push(frame);
    return true;
  }

  arrive(side: 0 | 1, nowMs: number): boolean {
    const frame = this.#underWay[side].shift();
    if (frame !== undefined) this.#ends[1 - side]?.receive(frame, nowMs);
    return frame !== undefined;
  }
}

type Action =
  | { readonly do: "send"; readonly side: 0 | 1; readonly lane: number; readonly bytes: number }
  | { readonly do: "pull" | "arrive" | "release"; readonly side: 0 | 1; readonly path: number }
  | { readonly do: "cut"; readonly path: number }
  | { readonly do: "open"; readonly path: number };

const side = fc.constantFrom<0 | 1>(0, 1);
const path = fc.constantFrom(0, 1);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      side,
      lane: fc.nat(2),
      bytes: fc.integer({ min: 1, max: 4_000 }),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constantFrom("pull" as const, "arrive" as const, "release" as const), side, path }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const), path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("open" as const), path }) },
);

describe("a session whose other side grants all and acknowledges nothing", () => {
  it("keeps no more for it than its bound, however small the messages are", () => {
    const mostBytes = unacknowledgedBytes + pieceBytes + recordOverheadBytes;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 200 }), (sizes) => {
        const { session } = new End();
        const all = Number.MAX_SAFE_INTEGER;
        const cursor = session.resume({ next: 0, credit: [all, all, all] }, session.acknowledgement) as Cursor;
        for (const [at, bytes] of sizes.entries()) {
          session.send(at % 3, new Uint8Array(bytes));
          while (session.pull(cursor, frameBytes, 0) !== undefined);
          expect(session.keptBytes).toBeLessThanOrEqual(mostBytes);
        }
      }),
    );
  });

  it("goes on where it stopped, once something is acknowledged", () => {
    const { session } = new End();
    const cursor = resumed(session);
    const all = Number.MAX_SAFE_INTEGER;
    session.receiveAcknowledgement({ next: 0, credit: [all, all, all] });
    const pullAll = () => {
      let records = 0;
      for (let frame = session.pull(cursor, frameBytes, 0); frame; frame = session.pull(cursor, frameBytes, 0)) {
        const read = decodeFrame(frame);
        records += read.ok ? read.value.length : 0;
      }
      return records;
    };
    for (let i = 0; i < 100; i++) session.send(1, Uint8Array.of(i));
    const first = pullAll();
    expect(first).toBe(Math.ceil(unacknowledgedBytes / (1 + recordOverheadBytes)));
    session.receiveAcknowledgement({ next: 10, credit: [all, all, all] });
    expect(pullAll()).toBe(10);
    expect(session.queuedBytes(1)).toBe(100 - first - 10);
  });
});

describe("two sessions over paths that are cut, reopened and doubled at any moment", () => {
  it("deliver every message once, in the order of its lane, and hold no more than a window and a message", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const ends = [new End(), new End()] as const;
        const sent: Delivered[][] = [[], []];
        const paths: (Path | undefined)[] = [undefined, undefined];
        let nowMs = 0;
        let number = 0;
        const open = () => new Path(ends, [ends[0].session.acknowledgement, ends[1].session.acknowledgement]);
        for (const step of actions) {
          nowMs += 7;
          if (step.do === "send") {
            const message = new Uint8Array(step.bytes).fill(++number);
            sent[step.side]?.push({ lane: step.lane, message });
            ends[step.side].session.send(step.lane, message);
          } else if (step.do === "release") ends[step.side].release();
          else if (step.do === "cut") paths[step.path] = undefined;
          else if (step.do === "open") paths[step.path] ??= open();
          else if (step.do === "pull") paths[step.path]?.pull(step.side);
          else paths[step.path]?.arrive(step.side, nowMs);
        }

        // In the end a path stays: everything gets through.
        const last = open();
        for (let quiet = 0; quiet < 3; quiet++) {
          for (const at of [0, 1] as const) {
            if (last.pull(at)) quiet = -1;
            if (last.arrive(at, nowMs)) quiet = -1;
            if (ends[at].held.length > 0) {
              ends[at].release();
              quiet = -1;
            }
          }
        }
        for (const at of [0, 1] as const) {
          const [from, to] = [ends[at], ends[1 - at] as End];
          expect(to.violations).toEqual([]);
          for (const lane of [0, 1, 2]) {
            const of = (all: readonly Delivered[]) =>
              all.filter((it) => it.lane === lane).map((it) => [it.message[0], it.message.length]);
            expect(of(to.delivered)).toEqual(of(sent[at] ?? []));
          }
          expect(from.session.unacknowledged).toBe(0);
          expect(to.mostHeldBytes).toBeLessThanOrEqual(windowBytes + 4_000);
        }
      }),
      { numRuns: 400 },
    );
  });
});

function joined(): { ends: readonly [End, End]; path: Path } {
  const ends = [new End(), new End()] as const;
  return { ends, path: new Path(ends, [ends[0].session.acknowledgement, ends[1].session.acknowledgement]) };
}

const data = (sequence: number, more: Partial<Extract<WireRecord, { type: "data" }>> = {}) =>
  ({ type: "data", sequence, lane: 1, last: true, payload: Uint8Array.of(sequence), ...more }) as const;

describe("a session", () => {
  it("puts small messages of a tick into one frame", () => {
    const { ends, path } = joined();
    for (let i = 0; i < 20; i++) ends[0].session.send(1, Uint8Array.of(i));
    path.pull(0);
    expect(path.pull(0)).toBe(false);
    path.arrive(0, 0);
    expect(ends[1].delivered).toHaveLength(20);
  });

  it("sends no more than the other side grants, and goes on when it grants again", () => {
    const { ends, path } = joined();
    for (let i = 0; i < 30; i++) ends[0].session.send(1, new Uint8Array(200));
    while (path.pull(0)) path.arrive(0, 0);
    expect(ends[1].delivered).toHaveLength(windowBytes / 200);
    while (ends[1].held.length > 0) ends[1].release();
    path.pull(1);
    path.arrive(1, 0);
    while (path.pull(0)) path.arrive(0, 0);
    expect(ends[1].delivered).toHaveLength((2 * windowBytes) / 200);
  });

  it("lets a message through that is larger than the window", () => {
    const { ends, path } = joined();
    ends[0].session.send(2, new Uint8Array(9_000));
    for (let i = 0; i < 100; i++) {
      path.pull(0);
      path.arrive(0, i);
      path.pull(1);
      path.arrive(1, i);
    }
    expect(ends[1].delivered.map(({ message }) => message.length)).toEqual([9_000]);
  });

  it("lets a word of the control lane pass a long message of the bulk lane", () => {
    const { ends, path } = joined();
    ends[0].session.send(2, new Uint8Array(1_900));
    path.pull(0);
    ends[0].session.send(0, Uint8Array.of(1));
    path.arrive(0, 0);
    path.pull(0);
    path.arrive(0, 0);
    expect(ends[1].delivered.map(({ lane }) => lane)).toEqual([0]);
  });

  it("shares between lanes by their weights", () => {
    const ends = [new End(), new End()] as const;
    for (let i = 0; i < 100; i++) for (const lane of [1, 2]) ends[0].session.send(lane, new Uint8Array(100));
    const path = new Path(ends, [ends[0].session.acknowledgement, { next: 0, credit: [1e6, 1e6, 1e6] }]);
    for (let i = 0; i < 5; i++) path.pull(0);
    for (let i = 0; i < 5; i++) path.arrive(0, 0);
    const share = (lane: number) => ends[1].delivered.filter((it) => it.lane === lane).length;
    expect(share(1) / share(2)).toBeGreaterThan(3);
    expect(share(2)).toBeGreaterThan(0);
  });

  it("tells how many messages were never acknowledged", () => {
    const { ends, path } = joined();
    for (let i = 0; i < 3; i++) ends[0].session.send(1, new Uint8Array(600));
    path.pull(0);
    path.arrive(0, 0);
    expect(ends[0].session.unacknowledged).toBe(3);
    path.pull(1);
    path.arrive(1, 0);
    expect(ends[0].session.unacknowledged).toBe(2);
  });

  it("acknowledges by itself after a while, and at once after much", () => {
    const { session } = new End();
    const cursor = resumed(session);
    session.receive(data(0), 100);
    expect(session.pull(cursor, frameBytes, 100)).toBeUndefined();
    expect(session.pull(cursor, frameBytes, session.deadline(cursor) ?? 0)).toBeDefined();
    expect(session.deadline(cursor)).toBeUndefined();
  });

  it("owes each path an acknowledgement of its own: the one that another carried may be lost with it", () => {
    const { session } = new End();
    const cursors = [resumed(session), resumed(session)] as const;
    session.receive(data(0), 0);
    for (const cursor of cursors) expect(session.pull(cursor, frameBytes, 100)).toBeDefined();
    for (const cursor of cursors) expect(session.pull(cursor, frameBytes, 100)).toBeUndefined();
  });

  it("owes a path what came over another since the path's HELLO", () => {
    const { session } = new End();
    const said = session.acknowledgement;
    session.receive(data(0), 0);
    const cursor = session.resume(said, said);
    expect(cursor?.owed).toEqual({ due: "now" });
    expect(resumed(session).owed).toEqual({ due: "no" });
  });

  it.each([
    ["a gap", [data(1)]],
    ["a piece of nothing", [data(0, { last: false, payload: new Uint8Array(0) })]],
    ["a lane that there isn't", [data(0, { lane: 3 })]],
    ["more than the window", [data(0, { payload: new Uint8Array(windowBytes + 1) })]],
    [
      "a message without end",
      Array.from({ length: 60 }, (_, i) => data(i, { last: false, payload: new Uint8Array(200) })),
    ],
  ] as const)("refuses %s", (_, records) => {
    const end = new End();
    for (const record of records) end.session.receive(record, 0);
    expect(end.violations.length).toBeGreaterThan(0);
  });

  it("refuses an acknowledgement of what was never sent", () => {
    const end = new End();
    end.session.receiveAcknowledgement({ next: 1, credit: [0, 0, 0] });
    expect(end.violations).toHaveLength(1);
    const none = { next: 5, credit: [0, 0, 0] };
    expect(end.session.resume(none, none)).toBeUndefined();
  });

  it("passes over what it has seen", () => {
    const end = new End();
    end.session.receive(data(0), 0);
    end.session.receive(data(0), 0);
    expect([end.delivered.length, end.session.counts.repeats, end.violations]).toEqual([1, 1, []]);
  });
});
