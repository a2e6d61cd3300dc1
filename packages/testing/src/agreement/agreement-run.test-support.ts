import { electionProtocol, locksProtocol, votesProtocol } from "@skein/coordination";
import type { PeerId } from "@skein/protocol";
import type { SeededRandom } from "../core/seeded-random.js";
import type { SimAgent } from "../world/sim-agent.js";
import { createWorld, type World } from "../world/world.js";
import { Faults } from "./faults.test-support.js";
import { Liar } from "./liar.test-support.js";
import { Member, probeProtocol } from "./member.test-support.js";
import { Promises } from "./promises.test-support.js";
import { Waits } from "./waits.test-support.js";

export const threeBeatsMs = 3_000;
const protocols = [electionProtocol, locksProtocol, votesProtocol, probeProtocol];
const names = ["ann", "bob", "cyd", "dee", "eve"];

/**
 * Three to five members, and at times a liar, in a world of the shipping client, relay and server. They elect, lock and vote through cuts,
 * pauses, sleep, crashes and clocks that are set; what they are promised is looked at after each step. The seed decides all of it.
 */
export class AgreementRun {
  readonly world: World;
  readonly promises: Promises;
  readonly waits = new Waits();
  readonly hasQuorum: boolean;
  readonly #members: Member[] = [];
  readonly #random: SeededRandom;
  readonly #relay: false | undefined;
  #liar: SimAgent | undefined;
  #problem: string | undefined;
  #probes = 0;

  constructor(seed: number) {
    // What finds the way is seldom looked at here: without STUN and relay a run costs half as much.
    const isWhole = seed % 5 === 0;
    this.world = createWorld({ seed, ice: isWhole ? "stun" : "none" });
    this.#random = this.world.random("agreement");
    this.hasQuorum = this.#random.chance(0.6);
    this.#relay = isWhole ? undefined : false;
    this.promises = new Promises(this.hasQuorum);
    const count = this.#random.pick([3, 3, 3, 3, 3, 3, 4, 5]);
    for (const name of names.slice(0, count)) this.#addMember(name);
    if (this.#random.chance(0.2)) this.#addLiar();
  }

  get hasLiar(): boolean {
    return this.#liar !== undefined;
  }

  /** What members turned away, by reason. */
  get refused(): ReadonlySet<string> {
    return new Set(this.#members.flatMap(({ refused }) => refused));
  }

  async begin(): Promise<void> {
    const { world } = this;
    await world.until(Promise.all(world.agents.map((agent) => agent.join())));
    world.check("what is promised", () => {
      const running = this.#members.filter(({ agent }) => agent.phase === "running");
      return this.#problem ?? this.promises.problem(running.map(({ witness }) => witness));
    });
  }

  async chaos(faults: number): Promise<void> {
    const source = new Faults(this.world, this.#members, this.#random);
    for (let fault = 0; fault < faults; fault++) {
      source.one();
      await this.world.advance(this.#random.between(100, 3_000));
    }
  }

  /** All is well again: everyone runs, and all hear each other; within three beats of it one leads, and soon all follow it. */
  async quiet(): Promise<void> {
    const { world } = this;
    world.heal();
    for (const { agent } of this.#members) if (agent.phase === "paused") agent.resume();
    // It is dead, or found no server while it was cut off.
    for (const member of this.#members.filter(({ agent }) => !agent.isIn)) {
      member.end();
      await world.until(member.agent.restart());
    }
    await this.#hear();
    await world.until(() => this.#leading(this.#members).length > 0, { withinMs: threeBeatsMs });
    await world.until(() => isAgreed(this.#members), { withinMs: 3 * threeBeatsMs });
  }

  /**
   * Divides the room in two: within three beats each part that can have a leader has one, and when the room is whole again, all of it has.
   * Not where the parts may reach each other through the relay.
   */
  async divide(): Promise<void> {
    if (this.#relay !== false) return;
    const { world } = this;
    const parts = this.#parts();
    const agents = parts.map((part) => part.map(({ agent }) => agent));
    const liar = this.#liar === undefined ? [] : [this.#liar];
    const heal = world.partition(agents[0] ?? [], [...(agents[1] ?? []), ...liar, "server", "ice"]);
    const able = parts.filter((part) => !this.hasQuorum || 2 * part.length > this.#members.length);
    await world.until(() => able.every((part) => this.#leading(part).length > 0), { withinMs: threeBeatsMs });
    heal();
    await this.#hear();
    await world.until(() => isAgreed(this.#members), { withinMs: 3 * threeBeatsMs });
  }

  /** Nothing more is begun, and what was waited for comes to an end. */
  async rest(): Promise<void> {
    for (const member of this.#members) member.rest();
    await this.world.until(() => this.waits.open.length === 0, { withinMs: 30_000 });
  }

  async close(): Promise<void> {
    for (const member of this.#members) await member.close();
    await this.world.close();
  }

  /** Until all have links to each other, and hear each other over them. */
  async #hear(): Promise<void> {
    await this.world.linked(...this.#members.map(({ agent }) => agent));
    const number = ++this.#probes;
    const others = new Map(
      this.#members.map((member) => [
        member,
        this.#members.filter((other) => other !== member).map(({ agent }) => agent.id),
      ]),
    );
    for (const [member, ids] of others) member.probe(ids, number);
    await this.world.until(() => [...others].every(([member, ids]) => member.hasHeard(ids, number)));
  }

  #addMember(name: string): void {
    const program = (): void => void member.start();
    const agent = this.world.addAgent(name, { protocols, program, ...this.#paths });
    const member = new Member(agent, this.#gathering, this.world.random(name));
    this.#members.push(member);
  }

  #addLiar(): void {
    const agent = this.world.addAgent("liar", { protocols, program: () => liar.start(), ...this.#paths });
    const liar = new Liar(agent, this.world.random("liar"));
    this.#liar = agent;
  }

  get #paths(): { readonly relay?: false } {
    return this.#relay === undefined ? {} : { relay: this.#relay };
  }

  get #gathering(): ConstructorParameters<typeof Member>[1] {
    return {
      promises: this.promises,
      waits: this.waits,
      electorate: () => this.world.agents.map(({ id }) => id),
      quorum: () => (this.hasQuorum ? this.#members.map(({ agent }) => agent.id as PeerId) : undefined),
      failed: (problem) => {
        this.#problem ??= problem;
      },
    };
  }

  #parts(): readonly [Member[], Member[]] {
    const first = this.#members.filter(() => this.#random.chance(0.5));
    const isWhole = first.length === 0 || first.length === this.#members.length;
    const small = isWhole ? this.#members.slice(0, 1) : first;
    return [small, this.#members.filter((member) => !small.includes(member))];
  }

  #leading(members: readonly Member[]): Member[] {
    return members.filter(({ isRunning, election }) => isRunning && election?.isLeader);
  }
}

/** Whether all follow one that leads. */
function isAgreed(members: readonly Member[]): boolean {
  const followed = new Set(members.map(({ election }) => election?.leader?.id));
  return followed.size === 1 && members.filter(({ election }) => election?.isLeader).length === 1;
}
