import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Callable, Methods } from "./callable.ts";

interface Call {
  readonly call: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

interface Reply {
  readonly call: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** A call that waits for its answer. */
interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** `idle`: runs, with all its threads, only where no other process wants the processor. */
type Priority = "normal" | "idle";

const launchers: Readonly<Record<Priority, readonly string[]>> = { normal: [], idle: ["chrt", "--idle", "0"] };

/** A process that we started, and that ends with us. Calls travel over Node's IPC. */
export class Child<Offered extends Methods> implements Callable<Offered>, AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  /** Starts a script that calls {@link answerCalls}. */
  constructor(script: URL, nodeOptions: readonly string[] = [], priority: Priority = "normal") {
    this.#name = script.pathname.split("/").at(-1) ?? "";
    const [execPath, ...execArgv] = [...launchers[priority], process.execPath, ...nodeOptions] as [string, ...string[]];
    // Nothing but the table goes to our stdout.
    const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
    this.#process = fork(script, { execPath, execArgv, stdio: [...stdio], serialization: "advanced" });
    this.#process.on("message", (reply: Reply) => this.#settle(reply));
    this.#process.on("exit", (code, signal) => this.#fail(new Error(`${this.#name} ended (${signal ?? code}).`)));
    this.#process.on("error", (error) => this.#fail(error));
  }

  call<Name extends keyof Offered & string>(
    method: Name,
    ...args: Parameters<Offered[Name]>
  ): Promise<Awaited<ReturnType<Offered[Name]>>> {
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve: resolve as Waiting["resolve"], reject });
      this.#process.send({ call, method, args } satisfies Call, (error) => {
        if (error !== null) this.#settle({ call, error: `${this.#name}: ${error.message}` });
      });
    });
  }

  /** Ends it at once, without a goodbye. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
  }

  #settle({ call, value, error }: Reply): void {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** The child's side: answers the calls of whoever started it, and ends when that process is gone. */
export function answerCalls(methods: Methods): void {
  process.on("message", ({ call, method, args }: Call) => {
    const run = async () => (methods[method] as ((...args: readonly unknown[]) => unknown) | undefined)?.(...args);
    run().then(
      (value) => reply({ call, value }),
      (error: unknown) => reply({ call, error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.on("disconnect", () => process.exit(0));
}

function reply(message: Reply): void {
  if (process.connected) process.send?.(message);
}
