import { setTimeout as wait } from "node:timers/promises";
import type { AnyAgent } from "../../interop/support/browsers.ts";
import type { EngineName } from "../../interop/support/engines.ts";
import type { Lab } from "../lab/lab.ts";
import { onlyPeer, type Pair, type Two } from "../lab/pair.ts";
import type { Router, RouterKind } from "../lab/router.ts";
import { joinBoth } from "./cell.ts";

/** What happens in the middle of a transfer both ways. */
export type Incident =
  /** Nothing gets through any more, not to the server either, and later it does again. */
  | { readonly type: "cut"; readonly seconds: number; readonly whom: "both" | "one" }
  /** One of the two is behind another router from now on, and has another address. */
  | { readonly type: "move"; readonly to: RouterKind };

export interface Transfer {
  readonly engines: Two<EngineName>;
  readonly routers: Two<RouterKind>;
  readonly incident: Incident;
  /** A part of all packets that is lost all the time. */
  readonly lossPercent?: number | undefined;
}

export interface TransferOutcome extends Transfer {
  /** From the move, or the end of the cut, to the first number that comes after it. */
  readonly silentMs: number | undefined;
  readonly path: "direct" | "relay" | undefined;
  readonly failure: string | undefined;
}

/** How long all may take to arrive, once it can. */
const arrivalMostMs = 120_000;

export async function runTransfer(lab: Lab, pair: Pair, transfer: Transfer): Promise<TransferOutcome> {
  try {
    const routers = pair.place(transfer.routers, transfer.lossPercent);
    return { ...transfer, ...(await carry(lab, pair, routers, transfer)), failure: undefined };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { ...transfer, silentMs: undefined, path: undefined, failure };
  } finally {
    await pair.clear();
  }
}

async function carry(
  lab: Lab,
  pair: Pair,
  routers: Two<Router>,
  { incident }: Transfer,
): Promise<Pick<TransferOutcome, "silentMs" | "path">> {
  const agents = pair.agents();
  const [a, b] = agents;
  const { idA, idB } = await joinBoth(lab, agents, true);
  await Promise.all(agents.map((agent) => agent.connected(1, 30_000)));

  const flows = Promise.all([a.flow(idB), b.flow(idA)]);
  // One that fails while we wait for something else is told below.
  flows.catch(() => {});
  await Promise.all(agents.map((agent) => agent.counted(1_000)));
  await happen(pair, routers, incident);
  const silentMs = await untilMore(agents);
  await Promise.all(agents.map((agent) => agent.stopFlow()));
  const [sentByA, sentByB] = await flows;
  await Promise.all([check(a, sentByB), check(b, sentByA)]);
  return { silentMs, path: (await onlyPeer(a)).path as TransferOutcome["path"] };
}

async function happen(pair: Pair, routers: Two<Router>, incident: Incident): Promise<void> {
  if (incident.type === "move") {
    pair.move(0, incident.to);
    return;
  }
  const cut = incident.whom === "both" ? routers : routers.slice(0, 1);
  for (const router of cut) router.cut();
  await wait(incident.seconds * 1000);
  for (const router of cut) router.mend();
}

async function untilMore(agents: Two<AnyAgent>): Promise<number> {
  const startedMs = performance.now();
  await Promise.all(agents.map(async (agent) => agent.counted((await numbersReceived(agent)) + 1, arrivalMostMs)));
  return performance.now() - startedMs;
}

/** All numbers came, each once and in their order, over one and the same link. */
async function check(agent: AnyAgent, count: number): Promise<void> {
  const wrong = await agent.counted(count, arrivalMostMs);
  if (wrong.length > 0) throw new Error(`out of order, or repeated: ${wrong.slice(0, 10).join(", ")}`);
  const ends = await agent.lines("peer-disconnected");
  if (ends.length > 0) throw new Error(`the link was lost: ${ends.join("; ")}`);
  const received = await numbersReceived(agent);
  if (received !== count) throw new Error(`${received} numbers came, of ${count}`);
}

/** The first message of a type binds it. */
async function numbersReceived(agent: AnyAgent): Promise<number> {
  return (await agent.stats()).messagesReceived - 1;
}
