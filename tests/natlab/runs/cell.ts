import type { AnyAgent } from "../../interop/support/browsers.ts";
import type { EngineName } from "../../interop/support/engines.ts";
import type { Lab } from "../lab/lab.ts";
import { onlyPeer, type Pair, type Two } from "../lab/pair.ts";
import { type RouterKind, routerKinds } from "../lab/router.ts";

/** One cell of the matrix: two agents that meet. */
export interface Cell {
  readonly routers: Two<RouterKind>;
  readonly engines: Two<EngineName>;
  readonly hasTurn: boolean;
  /** A part of all packets that is lost all the time. */
  readonly lossPercent?: number | undefined;
}

/** What became of one: how the link runs, or why there is none. */
export interface CellOutcome extends Cell {
  readonly path: "direct" | "relay" | undefined;
  /** The types of the candidates at both ends, where it is direct. */
  readonly candidates: { readonly local: string; readonly remote: string } | undefined;
  /** From the moment that both are in the room. */
  readonly firstMessageMs: number | undefined;
  readonly failure: string | undefined;
}

/** All pairs of routers, each once. */
export const routerPairs: readonly Two<RouterKind>[] = routerKinds.flatMap((first, index) =>
  routerKinds.slice(index).map((second) => [first, second] as const),
);

const joinMostMs = 60_000;
const messageMostMs = 45_000;
const statsMostMs = 10_000;

/** @param settleMs how long a link that begins over the relay may take to climb to a direct path. */
export async function runCell(lab: Lab, pair: Pair, cell: Cell, settleMs: number): Promise<CellOutcome> {
  try {
    pair.place(cell.routers, cell.lossPercent);
    return { ...cell, ...(await meet(lab, pair, cell, settleMs)), failure: undefined };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { ...cell, path: undefined, candidates: undefined, firstMessageMs: undefined, failure };
  } finally {
    await pair.clear();
  }
}

type Way = Pick<CellOutcome, "path" | "candidates" | "firstMessageMs">;

async function meet(lab: Lab, pair: Pair, { hasTurn }: Cell, settleMs: number): Promise<Way> {
  const [a, b] = pair.agents();
  const { idA, idB, metMs } = await joinBoth(lab, [a, b], hasTurn);
  await b.logged("peer-joined a");
  await Promise.all([b.say(idA, "first"), a.heardCount(1, messageMostMs)]);
  const firstMessageMs = performance.now() - metMs;
  await Promise.all([a.say(idB, "back"), b.heardCount(1, messageMostMs)]);
  if ((await onlyPeer(a)).path !== "direct") await a.logged("path direct", 0, settleMs).catch(() => {});
  return { firstMessageMs, ...(await wayOf(a)) };
}

export interface Meeting {
  readonly idA: string;
  readonly idB: string;
  /** When one of them saw the other, by this process's own clock. */
  readonly metMs: number;
}

export async function joinBoth(lab: Lab, [a, b]: Two<AnyAgent>, hasTurn: boolean): Promise<Meeting> {
  const join = { server: lab.server({ hasTurn }), relay: "fallback", isMoved: true } as const;
  // Nobody else's room: the agents of other pairs are at the same server.
  const room = `room-${Math.random().toString(36).slice(2)}`;
  const idA = await a.join({ ...join, room, name: "a" });
  // To start an engine isn't part of it, and neither is to hear from a page that its join is done.
  const met = a.logged("peer-joined b", 0, joinMostMs).then(() => performance.now());
  const [idB, metMs] = await Promise.all([b.join({ ...join, room, name: "b" }), met]);
  return { idA, idB, metMs };
}

async function wayOf(agent: AnyAgent): Promise<Pick<CellOutcome, "path" | "candidates">> {
  const stats = await within(statsMostMs, agent.linkedStats());
  const peer = stats.perPeer[0];
  return { path: peer?.path, candidates: peer?.path === "direct" ? peer.candidates : undefined };
}

/** Only stops waiting: what it waited for may still come, and nobody minds. */
function within<Value>(mostMs: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the link's way isn't known")), mostMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
