import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Someone with a browser, in a network of theirs. */
export class Visitor {
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(inside: readonly string[], browser: "chromium" | "firefox", authority: string) {
    const script = new URL("../../interop/support/visitor.ts", import.meta.url).pathname;
    const [file, ...args] = [...inside, process.execPath, script, browser, authority];
    const child = spawn(file as string, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#process = child;
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Opens an address; gives how the one peer is linked there, once it is: "direct" or "relay". */
  open(address: string): Promise<string> {
    return this.#ask(address);
  }

  /** The same, of where it is. */
  linked(): Promise<string> {
    return this.#ask("");
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.stdin?.end();
    await exited;
  }

  async #ask(line: string): Promise<string> {
    this.#process.stdin?.write(`${line}\n`);
    const { value } = await this.#answers.next();
    const { linked, failure } = JSON.parse(String(value)) as { linked?: string; failure?: string };
    if (linked === undefined) throw new Error(failure ?? "The browser has ended.");
    return linked;
  }
}
