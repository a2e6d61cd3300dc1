import {
  createElection,
  createLocks,
  type Election,
  type ElectionMemory,
  electionProtocol,
  Fence,
  type Lock,
  type Locks,
  locksProtocol,
} from "@skein/coordination";
import type { SeededRandom } from "../core/seeded-random.js";
import type { SimAgent } from "../world/sim-agent.js";
import { syncEd25519 } from "../world/sync-ed25519.js";
import { createWorld, type World } from "../world/world.js";

interface Member {
  readonly agent: SimAgent;
  memory: ElectionMemory | undefined;
  election: Election | undefined;
  locks: Locks | undefined;
  held: Lock | undefined;
}

/**
 * Three members of an election with a quorum, in a world of the shipping client and server, through cuts, pauses, sleep, crashes and clocks
 * that are set. After each step at most one leads and at most one holds the lock, and no fence sees an older token.
 */
export class AgreementRun {
  readonly world: World;
  readonly #members: Member[] = [];
  readonly #random: SeededRandom;
  readonly #leaders = new Map<number, Election>();
  readonly #fence = new Fence();
  readonly #lockFence = new Fence();
  #term = 0;
  grants = 0;

  constructor(seed: number) {
    this.world = createWorld({ seed });
    this.#random = this.world.random("agreement");
  }

  get terms(): number {
    return this.#leaders.size;
  }

  async begin(): Promise<void> {
    const { world } = this;
    for (const name of ["ann", "bob", "cyd"]) {
      const program = (): void => this.#start(member);
      const agent = world.addAgent(name, { protocols: [electionProtocol, locksProtocol], program });
      const member: Member = { agent, memory: undefined, election: undefined, locks: undefined, held: undefined };
      this.#members.push(member);
    }
    await world.until(Promise.all(this.#members.map(({ agent }) => agent.join())));
    world.check("one leads", () => this.#problem());
  }

  async chaos(faults: number): Promise<void> {
    for (let fault = 0; fault < faults; fault++) {
      this.#fault(this.#random.pick(this.#members));
      await this.world.advance(this.#random.between(100, 3_000));
    }
  }

  /** All is well again: everyone runs, and all are linked. */
  async quiet(): Promise<void> {
    const { world } = this;
    world.heal();
    for (const { agent } of this.#members) {
      if (agent.phase === "paused") agent.resume();
      // It is dead, or found no server while it was cut off.
      if (!agent.isIn) await world.until(agent.restart());
    }
    await world.linked(...this.#members.map(({ agent }) => agent));
  }

  /** Whether all follow one that leads. */
  get isAgreed(): boolean {
    const followed = new Set(this.#members.map(({ election }) => election?.leader?.id));
    return followed.size === 1 && this.#leading().length === 1;
  }

  async close(): Promise<void> {
    for (const { locks, election } of this.#members) {
      await locks?.close();
      await election?.close();
    }
    await this.world.close();
  }

  #start(member: Member): void {
    const { agent } = member;
    const store = {
      load: async () => member.memory,
      save: async (memory: ElectionMemory) => {
        member.memory = memory;
      },
    };
    const quorum = this.#members.map((each) => each.agent.id);
    const own = { identity: agent.identity, ed25519: syncEd25519, clock: agent.clock };
    void createElection(agent.room, { ...own, quorum, store }).then((election) => {
      member.election = election;
      member.locks = createLocks(agent.room, { election, clock: agent.clock, leaseMostMs: 3_000 });
      void this.#work(member, member.locks);
    });
  }

  /** Takes the lock, holds it for a while, gives it back, and again, for as long as the process lives. */
  async #work(member: Member, locks: Locks): Promise<void> {
    const { clock } = member.agent;
    while (member.locks === locks) {
      try {
        const lock = await locks.acquire("index", { timeoutMs: 20_000 });
        member.held = lock;
        this.grants++;
        await new Promise<void>((resolve) => clock.after(1_500, resolve));
        await lock.free();
      } catch {
        await new Promise<void>((resolve) => clock.after(500, resolve));
      }
    }
  }

  #fault({ agent }: Member): void {
    const { world } = this;
    const others = this.#members.map((each) => each.agent).filter((other) => other !== agent);
    const isRunning = agent.phase === "running" && agent.isIn;
    switch (this.#random.below(8)) {
      case 0:
        return void world.isolate(agent);
      case 1:
        return void world.cut([agent], [...others, "server", "ice"]);
      case 2:
        return void world.cut([...others, "server", "ice"], [agent]);
      case 3:
        return world.heal();
      case 4:
        return isRunning ? agent.pause() : undefined;
      case 5:
        return isRunning ? agent.sleep() : undefined;
      case 6:
        if (agent.phase === "paused") return agent.resume(this.#random.chance(0.5) ? "goes on" : "stands still");
        return agent.setWall(this.#random.between(-100_000, 100_000));
      case 7:
        return this.#crash(agent);
    }
  }

  #crash(agent: SimAgent): void {
    const member = this.#members.find((each) => each.agent === agent);
    if (member === undefined || agent.phase !== "running" || !agent.isIn) return;
    agent.crash();
    member.election = undefined;
    member.locks = undefined;
    member.held = undefined;
    // Nobody waits for it: it is back when it is back.
    agent.restart().catch(() => {});
  }

  /** Who runs and says that it leads. A process that stands still says nothing; it looks at the clock before it does. */
  #leading(): Election[] {
    return this.#members.flatMap(({ agent, election }) =>
      agent.phase === "running" && election?.isLeader ? [election] : [],
    );
  }

  #problem(): string | undefined {
    const leading = this.#leading();
    if (leading.length > 1) return "two lead at once";
    for (const election of leading) {
      const term = election.leader?.term ?? 0;
      if ((this.#leaders.get(term) ?? election) !== election) return `two led in term ${term}`;
      if (term < this.#term) return `term ${term} after ${this.#term}`;
      this.#leaders.set(term, election);
      this.#term = term;
      if (!this.#fence.admit(election.token ?? "")) return "a leader's token is older than one before";
    }
    const holding = this.#members.flatMap(({ agent, held }) =>
      agent.phase === "running" && held?.isHeld ? [held] : [],
    );
    if (holding.length > 1) return "two hold the lock";
    return holding.every(({ token }) => this.#lockFence.admit(token))
      ? undefined
      : "a lock's token is older than one before";
  }
}
