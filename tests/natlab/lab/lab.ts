import { HostProcess } from "../../interop/support/processes.ts";
import { internetAddress, serverAddresses, turnAddress } from "./addresses.ts";
import { Machine } from "./machine.ts";
import { Namespace, sweepNamespaces } from "./namespace.ts";
import { Router, type RouterKind } from "./router.ts";
import { stun, sweepFolders, TurnServer, turnServer } from "./turn-server.ts";

const port = 443;
/** What takes longer than that lives by credentials that were renewed. */
const turnLifetimeMs = 20_000;
const mostRouters = 200;

/** An internet with a Skein server and a TURN server, and routers and machines as they are wished for. */
export class Lab implements AsyncDisposable {
  readonly #internet: Namespace;
  readonly #routers = new Map<number, Router>();
  readonly #machines = new Set<Machine>();
  #machinesMade = 0;
  readonly #removeNow = () => this.#remove();
  #server: HostProcess | undefined;
  #turn: TurnServer | undefined;

  private constructor() {
    sweepNamespaces();
    sweepFolders();
    this.#internet = new Namespace("internet");
    // However this process ends, but for `kill -9`: that the next lab sweeps up.
    process.once("exit", this.#removeNow);
  }

  static async open(): Promise<Lab> {
    const lab = new Lab();
    try {
      lab.#layOut();
      await lab.#start();
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The Skein server's address. Both know STUN; one of them TURN as well. */
  server({ hasTurn }: { hasTurn: boolean }): string {
    return `ws://${hasTurn ? serverAddresses.withTurn : serverAddresses.withoutTurn}:${port}/skein`;
  }

  router(kind: RouterKind): Router {
    const number = Array.from({ length: mostRouters }, (_, i) => i).find((i) => !this.#routers.has(i));
    if (number === undefined) throw new Error(`more than ${mostRouters} routers`);
    const router = new Router(this.#internet, number, kind);
    this.#routers.set(number, router);
    return router;
  }

  removeRouter(router: Router): void {
    for (const [number, other] of this.#routers) if (other === router) this.#routers.delete(number);
    router.remove();
  }

  machine(): Machine {
    const machine = new Machine(this.#machinesMade++);
    this.#machines.add(machine);
    return machine;
  }

  async removeMachine(machine: Machine): Promise<void> {
    this.#machines.delete(machine);
    await machine.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("exit", this.#removeNow);
    await Promise.all([...this.#machines].map(({ host }) => host.kill()));
    await this.#server?.kill();
    await this.#turn?.stop();
    this.#remove();
  }

  #layOut(): void {
    const internet = this.#internet;
    internet.set("ipv4/ip_forward", 1);
    internet.set("ipv4/conf/all/send_redirects", 0);
    internet.set("ipv4/conf/default/send_redirects", 0);
    // Trap: a bridge without an address of its own takes that of one of its ports, and another one whenever those come and go. Then
    // nobody reaches the servers for some seconds.
    internet.ip("link", "add", "internet", "address", "02:00:00:00:00:01", "type", "bridge");
    for (const address of [internetAddress, turnAddress, ...Object.values(serverAddresses)]) {
      internet.ip("addr", "add", `${address}/24`, "dev", "internet");
    }
    internet.ip("link", "set", "internet", "up");
    // Private addresses lead nowhere. Without a way, or with one that asks who has them, senders would be told so.
    internet.ip("link", "add", "nowhere", "type", "veth", "peer", "name", "nobody");
    internet.ip("link", "set", "nowhere", "arp", "off", "up");
    internet.ip("link", "set", "nobody", "up");
    internet.ip("route", "add", "10.0.0.0/8", "dev", "nowhere");
  }

  async #start(): Promise<void> {
    this.#turn = await TurnServer.start(this.#internet);
    this.#server = new HostProcess(this.#internet.inside);
    const turn = { servers: [turnServer], lifetimeMs: turnLifetimeMs };
    await this.#server.serve({ host: serverAddresses.withTurn, port, iceServers: [stun], turn });
    await this.#server.serve({ host: serverAddresses.withoutTurn, port, iceServers: [stun] });
  }

  #remove(): void {
    for (const machine of this.#machines) machine.removeNow();
    this.#machines.clear();
    for (const router of this.#routers.values()) router.namespace.remove();
    this.#routers.clear();
    this.#internet.remove();
    this.#turn?.forget();
  }
}
