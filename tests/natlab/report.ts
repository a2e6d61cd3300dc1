import { availableParallelism, release } from "node:os";
import { markdownTable } from "markdown-table";
import { routerPairs } from "./runs/cell.ts";
import { group } from "./runs/group.ts";
import type { Outcome } from "./runs/run-all.ts";
import type { Incident, TransferOutcome } from "./runs/transfer.ts";

type Of<Type> = Extract<Outcome, { type: Type }>["outcome"];

/** One line for people: what it was, and what came of it. */
export function formatLine({ name, ...rest }: Outcome): string {
  return `${name.padEnd(50)} ${rest.type === "cell" ? cellText(rest.outcome) : transferText(rest.outcome)}`;
}

/** The tables of docs/nat.md. */
export function formatMarkdown(outcomes: readonly Outcome[]): string {
  const cells = outcomes.flatMap((each) => (each.type === "cell" ? [each.outcome] : []));
  const transfers = outcomes.flatMap((each) => (each.type === "transfer" ? [each.outcome] : []));
  return [
    section("STUN alone", matrix(cells.filter(({ hasTurn }) => !hasTurn))),
    section("STUN and TURN", matrix(cells.filter(({ hasTurn }) => hasTurn))),
    section(
      "Cuts and moves",
      table("", transfers, ({ incident }) => incidentText(incident), transferText),
    ),
    `${describeMachine()}.`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function matrix(cells: readonly Of<"cell">[]): string {
  const order = routerPairs.map((routers) => routers.join());
  const sorted = [...cells].sort((a, b) => order.indexOf(a.routers.join()) - order.indexOf(b.routers.join()));
  return table("routers", sorted, ({ routers }) => routers.join(" – "), cellText);
}

/** A row for each of `rowOf`, a column for each pair of engines, in the order that they come in. */
function table<Each extends Pick<TransferOutcome, "engines">>(
  corner: string,
  outcomes: readonly Each[],
  rowOf: (outcome: Each) => string,
  text: (outcome: Each) => string,
): string {
  if (outcomes.length === 0) return "";
  const columnOf = ({ engines }: Each) => engines.join(" – ");
  const columns = [...new Set(outcomes.map(columnOf))];
  const rows = [...group(outcomes, rowOf)].map(([row, inRow]) => [
    row,
    ...columns.map((column) =>
      inRow
        .filter((each) => columnOf(each) === column)
        .map(text)
        .join("; "),
    ),
  ]);
  return markdownTable([[corner, ...columns], ...rows], { alignDelimiters: false });
}

function section(title: string, body: string): string {
  return body === "" ? "" : `### ${title}\n\n${body}`;
}

function cellText({ path, candidates, firstMessageMs, failure }: Of<"cell">): string {
  if (failure !== undefined || path === undefined) return `**no link**: ${firstLine(failure)}`;
  const types = candidates === undefined ? "" : ` ${candidates.local}/${candidates.remote}`;
  return `${path}${types}, ${seconds(firstMessageMs)}`;
}

function transferText({ silentMs, path, failure }: Of<"transfer">): string {
  if (failure !== undefined) return `**failed**: ${firstLine(failure)}`;
  return `all, ${path ?? "no path"}, ${seconds(silentMs)}`;
}

function incidentText(incident: Incident): string {
  if (incident.type === "move") return `one moves to ${incident.to}`;
  return `${incident.whom === "both" ? "both" : "one"} cut off for ${incident.seconds} s`;
}

const seconds = (ms = 0): string => `${(ms / 1000).toFixed(1)} s`;
const firstLine = (text = ""): string => text.split("\n", 1)[0] ?? "";

/** On what it ran. */
export function describeMachine(): string {
  const cores = availableParallelism();
  return `Linux ${release().split("-", 1)[0]}, Node ${process.versions.node}, ${cores} ${cores === 1 ? "core" : "cores"}`;
}
