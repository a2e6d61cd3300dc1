import { expect, it } from "vitest";
import { formatLine, formatMarkdown } from "./report.ts";
import type { Outcome } from "./runs/run-all.ts";

const direct: Outcome = {
  type: "cell",
  name: "matrix/node-node/cone+cone/turn",
  outcome: {
    engines: ["node", "node"],
    routers: ["cone", "cone"],
    hasTurn: true,
    path: "direct",
    candidates: { local: "srflx", remote: "prflx" },
    firstMessageMs: 249,
    failure: undefined,
  },
};

const failed: Outcome = {
  type: "cell",
  name: "matrix/node-firefox/open+cone/turn",
  outcome: {
    engines: ["node", "firefox"],
    routers: ["open", "cone"],
    hasTurn: true,
    path: undefined,
    candidates: undefined,
    firstMessageMs: undefined,
    failure: "waited 45000 ms\nand the log says",
  },
};

const cut: Outcome = {
  type: "transfer",
  name: "cut-5-one/node-node/cone+cone",
  outcome: {
    engines: ["node", "node"],
    routers: ["cone", "cone"],
    incident: { type: "cut", seconds: 5, whom: "one" },
    silentMs: 1_040,
    path: "relay",
    failure: undefined,
  },
};

it("a line says how they are linked, or the first line of why they aren't", () => {
  expect(formatLine(direct)).toMatch(/^matrix\/node-node\/cone\+cone\/turn +direct srflx\/prflx, 0\.2 s$/);
  expect(formatLine(failed)).toMatch(/\*\*no link\*\*: waited 45000 ms$/);
  expect(formatLine(cut)).toMatch(/all, relay, 1\.0 s$/);
});

it("the tables have a row for each pair of routers, in their own order, and a column for each pair of engines", () => {
  expect(
    formatMarkdown([failed, direct, cut])
      .split("\n")
      .filter((line) => line.startsWith("|")),
  ).toEqual([
    "| routers | node – firefox | node – node |",
    "| - | - | - |",
    "| open – cone | **no link**: waited 45000 ms | |",
    "| cone – cone | | direct srflx/prflx, 0.2 s |",
    "| | node – node |",
    "| - | - |",
    "| one cut off for 5 s | all, relay, 1.0 s |",
  ]);
});

it("what wasn't run has no table", () => {
  expect(formatMarkdown([cut])).not.toContain("TURN");
});
