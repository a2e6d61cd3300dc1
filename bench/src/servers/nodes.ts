import { readFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { Broker, type BrokerKind } from "../../../packages/server/src/backplane/broker.test-support.ts";
import { Child } from "../child.ts";
import type { NodeMethods } from "./skein-node.ts";

/** What a kernel's clock tick is, in microseconds: USER_HZ is 100 wherever Node runs. */
const tickMicros = 10_000;

/** Nodes of one server, and what joins them. */
export class Nodes implements AsyncDisposable {
  readonly urls: readonly string[];
  readonly #nodes: readonly Child<NodeMethods>[];
  readonly #broker: Broker | undefined;

  private constructor(nodes: readonly Child<NodeMethods>[], urls: readonly string[], broker: Broker | undefined) {
    this.#nodes = nodes;
    this.urls = urls;
    this.#broker = broker;
  }

  /** @param kind Undefined: one server that stands alone. */
  static async start(kind: BrokerKind | undefined, count: number, peersPerRoom?: number): Promise<Nodes> {
    const broker = kind === undefined ? undefined : await Broker.start(kind);
    const script = new URL("./skein-node.ts", import.meta.url);
    const nodes = Array.from({ length: count }, () => new Child<NodeMethods>(script));
    const urls = await Promise.all(nodes.map((node) => node.call("listen", broker?.url, peersPerRoom)));
    const started = new Nodes(nodes, urls, broker);
    if (broker !== undefined) await started.#meet();
    return started;
  }

  /** Of all nodes together. */
  async cpuMicros(): Promise<number> {
    return sum(await Promise.all(this.#nodes.map((node) => node.call("cpuMicros"))));
  }

  /** Of what joins them. */
  brokerMicros(): number {
    if (this.#broker?.pid === undefined) return 0;
    // proc(5): behind the name in brackets come the state and, eleven fields on, utime and stime.
    const [, rest = ""] = readFileSync(`/proc/${this.#broker.pid}/stat`, "utf8").split(") ");
    const fields = rest.split(" ");
    return (Number(fields[11]) + Number(fields[12])) * tickMicros;
  }

  /** What all nodes together gave to the backplane. */
  async bytesOut(): Promise<number> {
    const stats = await Promise.all(this.#nodes.map((node) => node.call("backplane")));
    return sum(stats.map((one) => one?.bytesOut ?? 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node[Symbol.asyncDispose]()));
    await this.#broker?.close();
  }

  /** Waits until each knows of all others. */
  async #meet(): Promise<void> {
    for (const node of this.#nodes) {
      while ((await node.call("backplane"))?.nodes !== this.#nodes.length - 1) await after(20);
    }
  }
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}
