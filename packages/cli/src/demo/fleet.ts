import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { SkeinError } from "@skein/protocol";
import * as v from "valibot";
import { pageFolder } from "../page-folder.js";
import { deferred } from "../process/deferred.js";
import { Child } from "./child.js";
import { joinedEvent, listeningEvent, type PeerReport, peerEvent, peersEvent } from "./events.js";

/** One of the demo's agents. */
export interface FleetAgent {
  readonly name: string;
  readonly id: string;
  readonly files: number;
  readonly bytes: number;
  readonly child: Child;
}

export interface FleetOptions {
  readonly path: string;
  readonly port: number | undefined;
  readonly signal: AbortSignal;
  /** When the agents relay. Default: where there is no direct path. */
  readonly relay?: "fallback" | "never";
  /** A process ended that wasn't told to. */
  readonly died: (name: string, how: string) => void;
}

const names = ["fern", "moss", "birch"];
const linkTimeoutMs = 30_000;
export const demoRoom = "demo";

/** The demo's processes: a server and three agents, which hold two thirds of the folder each, so that any file is with two of them. */
export class Fleet {
  readonly folder: string;
  #server: Child | undefined;
  #agents: readonly FleetAgent[] = [];
  readonly #children: Child[] = [];
  readonly #options: FleetOptions;
  #stopping: Promise<void> | undefined;
  #url = "";
  #page: string | undefined;

  private constructor(options: FleetOptions) {
    this.#options = options;
    this.folder = resolve(options.path);
  }

  /** Starts all of it, and waits until every two agents are linked. What was started is ended where that fails. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    const stop = (): void => void fleet.stop();
    options.signal.addEventListener("abort", stop, { once: true });
    try {
      await fleet.#start();
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw options.signal.aborted ? new SkeinError("aborted", "It was told to stop before it was ready.") : error;
    } finally {
      options.signal.removeEventListener("abort", stop);
    }
  }

  /** The WebSocket's address. */
  get url(): string {
    return this.#url;
  }

  /** The web page's address. */
  get page(): string | undefined {
    return this.#page;
  }

  get agents(): readonly FleetAgent[] {
    return this.#agents;
  }

  get server(): Child | undefined {
    return this.#server;
  }

  /** Those that run. */
  get living(): readonly FleetAgent[] {
    return this.#agents.filter(({ child }) => child.isAlive);
  }

  /** What each agent says of its links. */
  async links(): Promise<{ readonly agent: FleetAgent; readonly peers: readonly PeerReport[] }[]> {
    return Promise.all(
      this.living.map(async (agent) => ({
        agent,
        peers: v.parse(peersEvent, await agent.child.call({ op: "peers" })).peers,
      })),
    );
  }

  /** Ends every process. Once it resolves, none is left. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #start(): Promise<void> {
    if (!statSync(this.folder, { throwIfNoEntry: false })?.isDirectory()) {
      throw new SkeinError("bad-argument", `There is no folder ${this.folder}: name one that exists.`);
    }
    await this.#startServer();
    const linked = deferred<void>();
    const agents = await Promise.all(
      names.map((_, index) => this.#startAgent(index, () => this.#checkLinks(linked.resolve))),
    );
    this.#agents = agents;
    this.#checkLinks(linked.resolve);
    const late = deferred<void>();
    const timer = setTimeout(
      () =>
        late.reject(
          new SkeinError(
            "timeout",
            `The agents aren't all linked after ${linkTimeoutMs / 1000} s: does something block UDP on this machine?`,
          ),
        ),
      linkTimeoutMs,
    );
    const lost = Promise.race(this.#children.map((child) => child.ended.then((how) => fail(`${child.name} ${how}.`))));
    try {
      await Promise.race([linked.promise, late.promise, lost]);
    } finally {
      clearTimeout(timer);
      lost.catch(() => {});
    }
  }

  async #startServer(): Promise<void> {
    const { port } = this.#options;
    const where = port === undefined ? ["--port", "7700", "--or-next"] : ["--port", String(port)];
    const page = existsSync(pageFolder) ? ["--page"] : [];
    // Pages of other sites, open in this machine's browser, must not read the folder.
    // Whoever is killed here is wanted gone soon.
    const grace = ["--grace", "3"];
    const server = this.#spawn("the server", [
      "serve",
      ...where,
      ...page,
      ...grace,
      "--allow-origin",
      "self",
      "--json",
    ]);
    const listening = v.parse(listeningEvent, await server.first("listening"));
    this.#server = server;
    this.#url = listening.url;
    this.#page = listening.page;
  }

  readonly #linked = new Map<string, Set<string>>();

  async #startAgent(index: number, changed: () => void): Promise<FleetAgent> {
    const name = names[index] ?? `agent ${index + 1}`;
    const child = this.#spawn(name, [
      "agent",
      ...["--room", demoRoom, "--server", this.#url, "--name", name],
      ...["--share", this.folder, "--part", partsOf(index), "--json"],
      ...["--relay", this.#options.relay ?? "fallback"],
    ]);
    const peers = new Set<string>();
    const forget = child.listen((event) => {
      const parsed = event.event === "peer-connected" ? v.safeParse(peerEvent, event) : undefined;
      if (!parsed?.success) return;
      peers.add(parsed.output.peer.id);
      changed();
    });
    void child.ended.then(forget);
    const { peer: id, share } = v.parse(joinedEvent, await child.first("joined"));
    this.#linked.set(id, peers);
    return { name, id, ...share, child };
  }

  #checkLinks(linked: () => void): void {
    const ids = this.#agents.map(({ id }) => id);
    if (ids.length < names.length) return;
    if (ids.every((id) => ids.every((other) => other === id || this.#linked.get(id)?.has(other)))) linked();
  }

  #spawn(name: string, args: readonly string[]): Child {
    if (this.#stopping !== undefined) fail("It was told to stop.");
    const child = new Child(name, args);
    this.#children.push(child);
    void child.ended.then((how) => {
      if (this.#stopping === undefined) this.#options.died(name, how);
    });
    return child;
  }

  async #stop(): Promise<void> {
    const server = this.#children[0];
    // Agents first: their goodbyes go through the server.
    await Promise.all(this.#children.slice(1).map((child) => child.stop()));
    await server?.stop();
  }
}

/** An agent's own part, and its neighbour's. */
function partsOf(index: number): string {
  return `${index + 1},${((index + 1) % names.length) + 1}/${names.length}`;
}

function fail(sentence: string): never {
  throw new SkeinError("closed", sentence);
}
