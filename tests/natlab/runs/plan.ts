import type { EngineName } from "../../interop/support/engines.ts";
import type { Two } from "../lab/pair.ts";
import type { RouterKind } from "../lab/router.ts";
import { type Cell, routerPairs } from "./cell.ts";
import type { Incident, Transfer } from "./transfer.ts";

/** Something that the lab does, and its name: `matrix/node-node/cone+symmetric/stun`, `cut-20/firefox-firefox/cone+cone`. */
export type Run =
  | { readonly type: "cell"; readonly name: string; readonly cell: Cell }
  | { readonly type: "transfer"; readonly name: string; readonly transfer: Transfer };

export const engineOf = (run: Run): Two<EngineName> => (run.type === "cell" ? run.cell : run.transfer).engines;

const alike: readonly Two<EngineName>[] = [
  ["node", "node"],
  ["chromium", "chromium"],
  ["firefox", "firefox"],
];
/** The first one is behind the more open router of the two. */
const mixed: readonly Two<EngineName>[] = [
  ["node", "chromium"],
  ["node", "firefox"],
  ["chromium", "firefox"],
];

const cut = (seconds: number, whom: "both" | "one" = "both"): Incident => ({ type: "cut", seconds, whom });
const move = (to: RouterKind): Incident => ({ type: "move", to });
const incidents: readonly Incident[] = [
  cut(5),
  cut(20),
  cut(60),
  cut(60, "one"),
  move("cone"),
  move("symmetric"),
  move("443-only"),
];

/** Everything. */
export function fullPlan(): Run[] {
  const cells = [...alike, ...mixed].flatMap((engines) =>
    [false, true].flatMap((hasTurn) => routerPairs.map((routers) => cellRun({ routers, engines, hasTurn }))),
  );
  const transfers = incidents.flatMap((incident) => alike.map((engines) => transferRun(engines, incident)));
  return [...cells, ...transfers];
}

/**
 * Each pair of routers once, with TURN where that makes a difference, and without it once more where it makes the most; the engines
 * take turns. One cut and one move of each sort.
 */
export function quickPlan(): Run[] {
  const engines = [...alike, ...mixed];
  const withTurn = routerPairs.map((routers, index) =>
    cellRun({ routers, engines: engines[index % engines.length] as Two<EngineName>, hasTurn: true }),
  );
  const withoutTurn = alike.flatMap((engines) =>
    (
      [
        ["cone", "cone"],
        ["cone", "symmetric"],
      ] as const
    ).map((routers) => cellRun({ routers, engines, hasTurn: false })),
  );
  const transfers = [
    transferRun(["firefox", "firefox"], cut(5)),
    transferRun(["chromium", "chromium"], cut(20)),
    transferRun(["node", "node"], cut(60)),
    transferRun(["node", "node"], move("443-only")),
    transferRun(["chromium", "chromium"], move("symmetric")),
    transferRun(["firefox", "firefox"], move("cone")),
  ];
  // The longest first: the others go on beside it.
  return [...transfers, ...withTurn, ...withoutTurn];
}

/** Those whose name has one of these texts in it; all where there is none. */
export function choose(plan: readonly Run[], only: readonly string[]): Run[] {
  return plan.filter(({ name }) => only.length === 0 || only.some((text) => name.includes(text)));
}

function cellRun(cell: Cell): Run {
  const { engines, routers, hasTurn } = cell;
  const name = ["matrix", engines.join("-"), routers.join("+"), hasTurn ? "turn" : "stun"].join("/");
  return { type: "cell", name, cell };
}

function transferRun(engines: Two<EngineName>, incident: Incident): Run {
  const routers = ["cone", "cone"] as const;
  const name = [incidentName(incident), engines.join("-"), routers.join("+")].join("/");
  return { type: "transfer", name, transfer: { engines, routers, incident } };
}

export function incidentName(incident: Incident): string {
  if (incident.type === "move") return `move-${incident.to}`;
  return `cut-${incident.seconds}${incident.whom === "one" ? "-one" : ""}`;
}
