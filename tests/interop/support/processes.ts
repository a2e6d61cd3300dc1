import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { ServerOptions } from "@skein/server";
import { type AnyAgent, agentOf } from "./browsers.ts";
import type { EngineName } from "./engines.ts";

export interface HostCall {
  readonly call: number;
  /** Which agent of the process, or all of them, or a server. */
  readonly target: number | "all" | "server";
  /** Of an agent that there isn't yet. */
  readonly engine: EngineName;
  readonly method: string;
  readonly args: readonly unknown[];
}

export interface HostReply {
  readonly call: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** A process that hosts agents or a server, and can be killed like any other. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #calls = 0;

  /**
   * @param inside a command that runs others somewhere else: in a network of its own.
   * @param chromiumArguments what Chromium is started with besides.
   */
  constructor([command, ...args]: readonly string[] = [], chromiumArguments: readonly string[] = []) {
    const script = new URL("./host-process.ts", import.meta.url);
    const elsewhere = command === undefined ? {} : { execPath: command, execArgv: [...args, process.execPath] };
    this.#child = fork(script, chromiumArguments, { execArgv: [], serialization: "advanced", ...elsewhere });
    this.#child.on("message", (reply: HostReply) => {
      const waiting = this.#waiting.get(reply.call);
      this.#waiting.delete(reply.call);
      if (reply.error === undefined) waiting?.resolve(reply.value);
      else waiting?.reject(new Error(reply.error));
    });
  }

  agent(number = 0, engine: EngineName = "node"): AnyAgent {
    return agentOf(
      (method) =>
        (...args) =>
          this.#call(number, method, args, engine),
    );
  }

  /** Ends its agents; browsers stay, for the next ones. */
  async endAgents(): Promise<void> {
    await this.#call("all", "end", []);
  }

  /** Starts a server in it; gives its address. `backplane`: the address of what joins it with others. */
  async serve(options: ServerOptions, backplane?: string): Promise<string> {
    return (await this.#call("server", "start", [options, backplane])) as string;
  }

  /** The same; false where it doesn't do so in time, for it is locked up. */
  endsAgentsWithin(ms: number): Promise<boolean> {
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms));
    return Promise.race([this.endAgents().then(() => true), late]);
  }

  /** Ends it, and its browsers. */
  async close(): Promise<void> {
    await this.#call("all", "close", []);
    await this.kill();
  }

  /** `kill -9`: no goodbye of any kind. Browsers that it started go on: not for one that has any. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
    for (const { reject } of this.#waiting.values()) reject(new Error("its process was killed"));
  }

  #call(
    target: HostCall["target"],
    method: string,
    args: readonly unknown[],
    engine: EngineName = "node",
  ): Promise<unknown> {
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.#child.send({ call, target, engine, method, args } satisfies HostCall);
    });
  }
}
