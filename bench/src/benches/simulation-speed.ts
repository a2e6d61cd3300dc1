import { defineProtocol, message, type Room } from "@skein/client";
import { createWorld } from "@skein/testing";
import { type Bench, median } from "../bench.ts";

type Quantity = "timesReal";

const chat = defineProtocol("skein.bench", "1.0.0", { say: message(Number) });
const agents = 10;
const lengthMs = 300_000;
/** Each agent says something to the next so often. */
const everyMs = 1_000;

/** How much faster than real time a room of ten is simulated, its joins and 45 links included. */
export const simulationSpeed: Bench<Quantity> = {
  name: "simulation-speed",
  rounds: { full: 5, quick: 1 },
  warmUps: 1,
  timeoutMs: 120_000,
  rows: [
    {
      name: "simulation-speed",
      about: `Simulated time over real time: a room of ${agents} for ${lengthMs / 60_000} minutes, in which each says something every second.`,
      unit: "× real",
      better: "higher",
      quantity: "timesReal",
      statistic: median,
      marks: [{ of: "ours", limit: 200 }],
    },
  ],
  async start() {
    let seed = 0;
    return { ours: { sample: () => simulate(++seed) }, peers: {}, [Symbol.asyncDispose]: async () => {} };
  },
};

async function simulate(seed: number): Promise<Record<Quantity, number>> {
  const startedMs = performance.now();
  const world = createWorld({ seed });
  let heard = 0;
  const program = (room: Room): void => void room.handle(chat.say, () => void heard++);
  const names = Array.from({ length: agents }, (_, i) => `agent ${i}`);
  const all = await world.joinAll(names, { protocols: [chat], program });
  for (let said = 0; world.nowMs < lengthMs; said++) {
    for (const [i, agent] of all.entries()) {
      const next = all[(i + 1) % agents]?.id;
      if (next !== undefined) void agent.room.send(next, chat.say, said);
    }
    await world.advance(everyMs);
  }
  if (heard < (agents * (lengthMs - 10_000)) / everyMs) throw new Error(`Only ${heard} messages arrived.`);
  const timesReal = world.nowMs / (performance.now() - startedMs);
  await world.close();
  return { timesReal };
}
