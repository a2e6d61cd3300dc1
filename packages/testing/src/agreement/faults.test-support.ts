import type { SeededRandom } from "../core/seeded-random.js";
import type { World } from "../world/world.js";
import type { Member } from "./member.test-support.js";

/** Brings about whatever may happen to members: cuts both ways and one way, pauses, sleep, clocks that are set, crashes, leaders that resign. */
export class Faults {
  readonly #world: World;
  readonly #members: readonly Member[];
  readonly #random: SeededRandom;

  constructor(world: World, members: readonly Member[], random: SeededRandom) {
    this.#world = world;
    this.#members = members;
    this.#random = random;
  }

  one(): void {
    const member = this.#random.pick(this.#members);
    const { agent } = member;
    // Most pauses end before the run does: those that outlast a lease, too.
    if (agent.phase === "paused") return agent.resume(this.#random.chance(0.5) ? "goes on" : "stands still");
    const others = this.#members.map((each) => each.agent).filter((other) => other !== agent);
    switch (this.#random.below(10)) {
      case 0:
        return void this.#world.isolate(agent);
      case 1:
        return void this.#world.cut([agent], [...others, "server", "ice"]);
      case 2:
        return void this.#world.cut([...others, "server", "ice"], [agent]);
      case 3:
        // Two that can't reach each other, though both reach the others.
        return void this.#world.partition([agent], [this.#random.pick(others)]);
      case 4:
        return this.#world.heal();
      case 5:
        return member.isRunning ? agent.pause() : undefined;
      case 6:
        return member.isRunning ? agent.sleep() : undefined;
      case 7:
        return agent.setWall(this.#random.between(-100_000, 100_000));
      case 8:
        return this.#crash(member);
      case 9:
        return this.#members.find(({ isRunning, election }) => isRunning && election?.isLeader)?.election?.resign();
    }
  }

  #crash(member: Member): void {
    if (!member.isRunning) return;
    member.end();
    // Nobody waits for it: it is back when it is back.
    member.agent.restart().catch(() => {});
  }
}
