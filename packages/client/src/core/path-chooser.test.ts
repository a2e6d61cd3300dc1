import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ChooserEvent,
  type ChooserState,
  chooserDeadline,
  forgivenMs,
  type PathKind,
  startChooser,
  stepChooser,
  trialMs,
} from "./path-chooser.js";

const opened = (path: PathKind): ChooserEvent => ({ type: "opened", path });
const trusted = (path: PathKind): ChooserEvent => ({ type: "trusted", path });
const suspect = (path: PathKind): ChooserEvent => ({ type: "suspect", path, reason: "silence" });
const down = (path: PathKind): ChooserEvent => ({ type: "down", path, reason: "cut" });
const woke: ChooserEvent = { type: "woke" };

type Timed = readonly [atMs: number, ChooserEvent];

/** Feeds events at their times, waking the chooser at its deadlines between; gives the state and all that it said. */
function run(...events: readonly Timed[]) {
  let state: ChooserState = startChooser;
  const said: string[] = [];
  const feed = (event: ChooserEvent, nowMs: number) => {
    const step = stepChooser(state, event, nowMs);
    state = step.state;
    for (const { paths, reason } of step.effects) said.push(`${nowMs} ${paths.join("+") || "none"}: ${reason}`);
  };
  for (const [atMs, event] of events) {
    for (let due = chooserDeadline(state); due !== undefined && due.atMs < atMs; due = chooserDeadline(state)) {
      feed(woke, due.atMs);
    }
    feed(event, atMs);
  }
  return { state, said };
}

const both: Timed[] = [
  [0, opened("direct")],
  [0, trusted("direct")],
  [0, opened("relay")],
];

describe("the path chooser", () => {
  it.each<[string, Timed[], string[]]>([
    ["nothing -> direct", [[0, opened("direct")]], ["0 direct: a direct path is open"]],
    ["nothing -> relay", [[0, opened("relay")]], ["0 relay: there is no direct path: the relay carries"]],
    [
      "relay -> direct, once it answers",
      [
        [0, opened("relay")],
        [1, opened("direct")],
        [2, trusted("direct")],
      ],
      ["0 relay: there is no direct path: the relay carries", "2 direct: a direct path is open"],
    ],
    [
      "direct -> nothing",
      [
        [0, opened("direct")],
        [1, down("direct")],
      ],
      ["0 direct: a direct path is open", "1 none: cut"],
    ],
    [
      "direct -> both in doubt -> direct",
      [...both, [1, suspect("direct")], [2, trusted("direct")]],
      [
        "0 direct: a direct path is open",
        "1 direct+relay: the direct path is in doubt: both carry",
        "2 direct: the direct path answers again",
      ],
    ],
    [
      "direct -> relay where it is lost",
      [...both, [1, down("direct")]],
      ["0 direct: a direct path is open", "1 relay: the direct path is lost (cut): the relay carries"],
    ],
    [
      "direct in doubt, alone -> both, once there is a relay",
      [
        [0, opened("direct")],
        [0, suspect("direct")],
        [1, opened("relay")],
      ],
      ["0 direct: a direct path is open", "1 direct+relay: the direct path is in doubt: both carry"],
    ],
    [
      "relay in doubt -> both, where a direct path is open",
      [
        [0, opened("relay")],
        [1, opened("direct")],
        [2, suspect("relay")],
      ],
      ["0 relay: there is no direct path: the relay carries", "2 direct+relay: the relay is in doubt: both carry"],
    ],
    [
      "news of a path that is down -> nothing",
      [
        [0, trusted("direct")],
        [0, suspect("relay")],
        [0, down("direct")],
      ],
      [],
    ],
  ])("%s", (_name, events, said) => {
    expect(run(...events).said).toEqual(said);
  });

  it("puts a direct path on trial that failed again, for longer each time, and the relay carries meanwhile", () => {
    const fails = (atMs: number): Timed[] => [
      [atMs, down("direct")],
      [atMs + 10, opened("direct")],
      [atMs + 20, trusted("direct")],
    ];
    const { said } = run(...both, ...fails(1_000), ...fails(2_000), ...fails(10_000), [100_000, woke]);
    expect(said.filter((line) => line.endsWith("holds"))).toEqual([
      "1020 direct: the direct path holds",
      "4020 direct: the direct path holds",
      "14020 direct: the direct path holds",
    ]);
  });

  it("takes a doubt that was dispelled within a second for nothing", () => {
    const doubts = Array.from({ length: 20 }, (_, i): Timed[] => [
      [i * 5_000 + 1, suspect("direct")],
      [i * 5_000 + 500, trusted("direct")],
    ]).flat();
    const { state } = run(...both, ...doubts);
    expect([state.carrying, state.failures]).toEqual([["direct"], 0]);
  });

  it("forgives a direct path that held for a minute", () => {
    const { state } = run(...both, [1, suspect("direct")], [2, trusted("direct")], [2 + forgivenMs, suspect("direct")]);
    expect(state.failures).toBe(1);
    expect([0, 1, 2, 3, 10].map(trialMs)).toEqual([0, 0, 2_000, 4_000, 60_000]);
  });

  const anyEvent = fc.oneof(
    fc.constantFrom<ChooserEvent>(woke),
    fc
      .constantFrom<PathKind>("direct", "relay")
      .chain((path) => fc.constantFrom(opened(path), trusted(path), suspect(path), down(path))),
  );
  const anyRun = fc.array(fc.tuple(fc.nat(3_000), anyEvent), { maxLength: 40 }).map((events) => {
    let nowMs = 0;
    return events.map(([afterMs, event]): Timed => {
      nowMs += afterMs;
      return [nowMs, event];
    });
  });

  it("has one that carries while any path is open, and none that is down", () => {
    fc.assert(
      fc.property(anyRun, (events) => {
        const { direct, relay, carrying } = run(...events).state;
        const open = [direct, relay].filter(({ phase }) => phase !== "down");
        expect(carrying.length > 0).toBe(open.length > 0);
        for (const path of carrying) expect(run(...events).state[path].phase).not.toBe("down");
      }),
    );
  });

  it("never leaves a direct path in doubt alone where a relay is open", () => {
    fc.assert(
      fc.property(anyRun, (events) => {
        const { direct, relay, carrying } = run(...events).state;
        if (direct.phase === "suspect" && relay.phase !== "down") expect(carrying).toEqual(["direct", "relay"]);
      }),
    );
  });

  it("comes to rest on a direct path that is trusted, however often it failed", () => {
    fc.assert(
      fc.property(anyRun, (events) => {
        const lastMs = events.at(-1)?.[0] ?? 0;
        const after: Timed[] = [
          [lastMs, opened("direct")],
          [lastMs, suspect("direct")],
          [lastMs, trusted("direct")],
          [lastMs + 2 * forgivenMs, woke],
        ];
        expect(run(...events, ...after).state.carrying).toEqual(["direct"]);
      }),
    );
  });

  it("changes no faster than the trials allow, while a relay is open", () => {
    const flaps = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 10, maxLength: 200 });
    fc.assert(
      fc.property(flaps, (gaps) => {
        let nowMs = 0;
        const events = gaps.flatMap((gapMs): Timed[] => {
          nowMs += gapMs;
          return [
            [nowMs, down("direct")],
            [nowMs, opened("direct")],
            [nowMs, trusted("direct")],
          ];
        });
        // Down and up again within a fifth of a second: after the second time it is on trial, and the relay carries on.
        expect(run(...both, ...events).said.length).toBeLessThanOrEqual(4);
      }),
    );
  });
});
