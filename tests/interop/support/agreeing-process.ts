import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("agreeing-agent.mjs", import.meta.url));

export interface Line {
  readonly leader?: number;
  readonly term?: number;
  readonly linked?: number;
  readonly held?: string;
  readonly end?: string;
  readonly missing?: readonly string[];
}

/** An agent in a process of its own, and what it has said. */
export class AgreeingProcess {
  readonly number: number;
  readonly lines: Line[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();

  /** @param ranks whether the lower number leads, taking over where another does; otherwise whoever was linked first may lead. */
  constructor(
    server: string,
    number: number,
    count: number,
    ranks: "from the start" | "for the next" = "for the next",
  ) {
    this.number = number;
    const args = [server, String(number), String(count), String(-number), ranks === "from the start" ? "takeover" : ""];
    this.#child = spawn(process.execPath, [program, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      this.lines.push(JSON.parse(line) as Line);
      for (const check of [...this.#waiting]) check();
    });
  }

  get leader(): Line | undefined {
    return this.lines.findLast((line) => "leader" in line || "term" in line);
  }

  say(operation: string): void {
    this.#child.stdin?.write(`${operation}\n`);
  }

  until(isSo: (agent: AgreeingProcess) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!isSo(this)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Resolves at its next line. */
  saysMore(): Promise<void> {
    const said = this.lines.length;
    return this.until(({ lines }) => lines.length > said);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
