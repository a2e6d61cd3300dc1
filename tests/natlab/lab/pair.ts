import type { AnyAgent, PeerReport } from "../../interop/support/browsers.ts";
import type { EngineName } from "../../interop/support/engines.ts";
import type { Lab } from "./lab.ts";
import type { Machine } from "./machine.ts";
import type { Router, RouterKind } from "./router.ts";

export type Two<Thing> = readonly [Thing, Thing];

/** Two machines of a lab, with an engine each, that stay while the routers in front of them change. */
export class Pair {
  readonly engines: Two<EngineName>;
  readonly #lab: Lab;
  readonly #machines: Two<Machine>;
  readonly #routers: Router[] = [];
  #lossPercent: number | undefined;
  #meetings = 0;

  constructor(lab: Lab, engines: Two<EngineName>) {
    this.#lab = lab;
    this.engines = engines;
    this.#machines = [lab.machine(), lab.machine()];
  }

  /** Puts them behind fresh routers of these kinds, and all that they will move to, which lose this part of all packets. */
  place(kinds: Two<RouterKind>, lossPercent?: number): Two<Router> {
    this.#lossPercent = lossPercent;
    return [this.move(0, kinds[0]), this.move(1, kinds[1])];
  }

  /** Takes one of them to another router: its address is gone, and it has a new one. */
  move(side: 0 | 1, kind: RouterKind): Router {
    const router = this.#lab.router(kind);
    if (this.#lossPercent !== undefined) router.lose(this.#lossPercent);
    this.#routers.push(router);
    this.#machines[side].unplug();
    this.#machines[side].plug(router);
    return router;
  }

  /** Fresh agents, one on each machine. Their engines start when they join. */
  agents(): Two<AnyAgent> {
    const number = this.#meetings++;
    const [a, b] = this.#machines;
    return [a.host.agent(number, this.engines[0]), b.host.agent(number, this.engines[1])];
  }

  /** Ends the agents, and takes the routers away. */
  async clear(): Promise<void> {
    await Promise.all(this.#machines.map(({ host }) => host.endAgents()));
    for (const machine of this.#machines) machine.unplug();
    for (const router of this.#routers.splice(0)) this.#lab.removeRouter(router);
  }

  /** Gives the machines back. */
  async remove(): Promise<void> {
    for (const machine of this.#machines) await this.#lab.removeMachine(machine);
  }
}

/** What an agent knows of its only peer. */
export async function onlyPeer(agent: AnyAgent): Promise<PeerReport> {
  const [peer] = await agent.peers();
  if (peer === undefined) throw new Error("the peer is gone");
  return peer;
}
