import type { NatKind } from "../../core/nat.js";
import { SeededRandom } from "../../core/seeded-random.js";
import type { LinkQuality } from "../../network/quality.js";
import type { EngineName } from "../../rtc/profile.js";
import type { SleepClock } from "../../world/process.js";

/** An agent of a scenario. */
export interface Player {
  readonly name: string;
  readonly nat: NatKind;
  readonly engine: EngineName;
  readonly relay: "fallback" | "first" | "only";
  readonly quality: LinkQuality;
}

/** The lanes that a scenario's traffic goes in. */
export type SoakLane = "control" | "default" | "bulk" | "lossy";

/** Something that an agent does, or that happens to it. */
export type Action =
  | {
      readonly type: "send";
      readonly from: number;
      readonly to: number;
      readonly lane: SoakLane;
      readonly count: number;
      readonly bytes: number;
    }
  | {
      readonly type: "ask";
      readonly from: number;
      readonly to: number;
      readonly count: number;
      readonly answerMs: number;
    }
  | { readonly type: "stream"; readonly from: number; readonly to: number; readonly bytes: number }
  | { readonly type: "update"; readonly who: number }
  | { readonly type: "crash"; readonly who: number; readonly forMs: number }
  | { readonly type: "leave"; readonly who: number; readonly forMs: number }
  | { readonly type: "sleep"; readonly who: number; readonly forMs: number; readonly clock: SleepClock }
  | { readonly type: "pause"; readonly who: number; readonly forMs: number }
  | { readonly type: "move"; readonly who: number; readonly nat: NatKind; readonly platform: "tells" | "is silent" }
  | {
      readonly type: "cut";
      readonly from: readonly number[];
      readonly to: readonly number[];
      readonly ways: "one" | "both";
      readonly forMs: number;
    }
  | { readonly type: "isolate"; readonly who: number; readonly forMs: number }
  | { readonly type: "no-server"; readonly who: number; readonly forMs: number }
  | { readonly type: "server-crash"; readonly forMs: number }
  | { readonly type: "server-stop"; readonly forMs: number }
  | { readonly type: "slow"; readonly who: number; readonly handlerMs: number; readonly forMs: number }
  | { readonly type: "quality"; readonly who: number; readonly quality: LinkQuality; readonly forMs: number }
  | { readonly type: "clock"; readonly who: number; readonly byMs: number };

/** Something that befalls a scenario's world, and when. */
export interface Happening {
  readonly atMs: number;
  readonly action: Action;
}

/** What shall happen in a world. Who and what come from the seed; a shrunk scenario has some of it left. */
export interface Scenario {
  readonly seed: number;
  readonly ice: "turn" | "stun";
  readonly players: readonly Player[];
  readonly happenings: readonly Happening[];
}

const nats: readonly NatKind[] = ["none", "none", "full-cone", "restricted", "symmetric", "udp-blocked"];
const engines: readonly EngineName[] = ["chromium", "chromium", "firefox", "node-datachannel"];

/** The scenario of a seed. */
export function scenarioOf(seed: number): Scenario {
  const random = new SeededRandom(seed);
  const count = random.pick([2, 2, 2, 3, 3, 4]);
  const players = Array.from({ length: count }, (_, i) => playerOf(random, i));
  const lengthMs = random.pick([20_000, 60_000, 120_000, 240_000]);
  const happenings = Array.from({ length: 3 + random.below(22) }, () => {
    const atMs = Math.round(random.between(0, lengthMs));
    return actionsOf(random, count).map((action) => ({ atMs, action }));
  }).flat();
  happenings.sort((a, b) => a.atMs - b.atMs);
  return { seed, ice: random.pick(["turn", "stun"]), players, happenings };
}

function playerOf(random: SeededRandom, index: number): Player {
  return {
    name: ["ann", "bob", "cyd", "dan"][index] as string,
    nat: random.pick(nats),
    engine: random.pick(engines),
    relay: random.pick(["fallback", "fallback", "fallback", "first", "only"]),
    quality: qualityOf(random),
  };
}

function qualityOf(random: SeededRandom): LinkQuality {
  return {
    latencyMs: random.pick([1, 10, 40, 150]),
    jitterMs: random.pick([0, 2, 20]),
    loss: random.pick([0, 0, 0.01, 0.05]),
    bytesPerSecond: random.pick([Number.POSITIVE_INFINITY, 10_000_000, 250_000]),
  };
}

/** Something that happens; whoever is slow gets more at the same time than a window holds. */
function actionsOf(random: SeededRandom, count: number): Action[] {
  const action = actionOf(random, count);
  if (action.type !== "slow") return [action];
  const from = (action.who + 1 + random.below(count - 1)) % count;
  const lane = random.pick<SoakLane>(["default", "bulk"]);
  return [action, { type: "send", from, to: action.who, lane, count: 50, bytes: 120_000 }];
}

function actionOf(random: SeededRandom, count: number): Action {
  const who = random.below(count);
  const to = (who + 1 + random.below(count - 1)) % count;
  const forMs = random.pick([200, 1_500, 5_000, 14_000, 30_000, 60_000, 95_000]);
  const make: readonly (() => Action)[] = [
    ...Array<() => Action>(7).fill(() => sendOf(random, who, to)),
    () => ({ type: "ask", from: who, to, count: 1 + random.below(5), answerMs: random.pick([0, 50, 8_000]) }),
    () => ({ type: "stream", from: who, to, bytes: random.pick([0, 1_000, 300_000]) }),
    () => ({ type: "update", who }),
    () => ({ type: "crash", who, forMs }),
    () => ({ type: "leave", who, forMs }),
    () => ({ type: "sleep", who, forMs, clock: random.pick(["goes on", "stands still"]) }),
    () => ({ type: "pause", who, forMs: Math.min(forMs, 30_000) }),
    () => ({ type: "move", who, nat: random.pick(nats), platform: random.pick(["tells", "is silent"]) }),
    () => ({ type: "cut", from: [who], to: [to], ways: random.pick(["one", "both"]), forMs }),
    () => ({ type: "cut", from: [who], to: [to], ways: random.pick(["one", "both"]), forMs }),
    () => ({ type: "isolate", who, forMs }),
    () => ({ type: "no-server", who, forMs }),
    () => ({ type: "server-crash", forMs: Math.min(forMs, 30_000) }),
    () => ({ type: "server-stop", forMs: Math.min(forMs, 30_000) }),
    () => ({ type: "slow", who, handlerMs: random.pick([20, 500, 5_000]), forMs }),
    () => ({ type: "quality", who, quality: qualityOf(random), forMs }),
    () => ({ type: "clock", who, byMs: random.pick([-3_600_000, -1_000, 1_000, 86_400_000]) }),
  ];
  return random.pick(make)();
}

function sendOf(random: SeededRandom, from: number, to: number): Action {
  const lane = random.pick<SoakLane>(["default", "default", "default", "control", "bulk", "lossy"]);
  const [count, bytes] = random.pick<readonly [number, number]>([
    [1, 10],
    [20, 100],
    [150, 30],
    [10, 10_000],
    [3, 300_000],
  ]);
  return { type: "send", from, to, lane, count, bytes: lane === "lossy" ? Math.min(bytes, 10_000) : bytes };
}
