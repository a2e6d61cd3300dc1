import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** A program of lines: what it is told, and what it has said. */
export class LineProgram {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Set<() => void>();

  /** @param elsewhere what runs the file, where that isn't this Node, and in which folder. */
  constructor(file: string, args: readonly string[], elsewhere: { command?: string; folder?: string } = {}) {
    const { command = process.execPath, folder } = elsewhere;
    this.#child = spawn(command, [file, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
      ...(folder === undefined ? {} : { cwd: folder }),
    });
    this.#exited = once(this.#child, "exit");
    createInterface({ input: this.#child.stdout as Readable }).on("line", (line) => {
      this.lines.push(line);
      for (const check of [...this.#waiting]) check();
    });
  }

  say(line: string | object): void {
    this.#child.stdin?.write(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
  }

  /** The first line at or behind `from` that fits; waits until there is one. */
  heard(fits: RegExp, from = 0): Promise<string> {
    return this.#until(() => this.lines.slice(from).find((line) => fits.test(line)));
  }

  /** The first event at or behind `from` that fits. */
  event(fits: (event: JsonEvent) => boolean, from = 0): Promise<JsonEvent> {
    return this.#until(() =>
      this.lines
        .slice(from)
        .map((line) => JSON.parse(line) as JsonEvent)
        .find(fits),
    );
  }

  /** Resolves when its input has ended, and it has. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#exited;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #until<Value>(find: () => Value | undefined): Promise<Value> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = find();
        if (found === undefined) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

export type JsonEvent = Readonly<Record<string, unknown>> & { readonly event: string };
