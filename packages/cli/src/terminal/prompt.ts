import { createInterface, type Interface } from "node:readline";
import { clean } from "./ink.js";

/** A line for typing at the bottom of the terminal, with what happens above it. Works through pipes too, without the looks. */
export class Prompt implements Disposable {
  readonly #interface: Interface;
  readonly #output = process.stdout;
  #closed = false;
  /** Whether the line for typing is on screen now. */
  #shown = false;

  constructor(options: {
    readonly prompt: string;
    /** A line was typed. Later lines come when this is done. */
    readonly line: (text: string) => void | Promise<void>;
    /** Looks at a line before those that wait; true where that was all that it asks for. */
    readonly atOnce?: (text: string) => boolean;
    /** Ctrl-C. */
    readonly interrupt: () => void;
    /** There won't be another line. */
    readonly end: () => void;
    readonly complete?: (line: string) => [string[], string];
  }) {
    const { prompt, line, atOnce = () => false, interrupt, end, complete } = options;
    const terminal = process.stdin.isTTY === true && this.#output.isTTY === true;
    this.#interface = createInterface({
      input: process.stdin,
      ...(terminal ? { output: this.#output } : {}),
      terminal,
      prompt,
      historySize: 200,
      ...(complete === undefined ? {} : { completer: complete }),
    });
    let turn = Promise.resolve();
    // Several lines may come at once, pasted or from a pipe.
    let waiting = 0;
    this.#interface.on("line", (text) => {
      if (atOnce(text)) {
        if (waiting === 0) this.show();
        return;
      }
      this.#shown = false;
      waiting++;
      turn = turn
        .then(() => line(text))
        .catch((error: unknown) => this.print(clean(error instanceof Error ? error.message : String(error))))
        .then(() => {
          waiting--;
          if (waiting === 0) this.show();
        });
    });
    this.#interface.on("SIGINT", interrupt);
    this.#interface.on("close", () => {
      if (this.#shown && terminal) this.#output.write("\n");
      this.#closed = true;
      turn = turn.then(end);
    });
  }

  /** Asks for a line. */
  show(): void {
    if (this.#closed) return;
    this.#shown = true;
    this.#interface.prompt(true);
  }

  /** Writes above the line that is being typed. */
  print(text: string): void {
    if (this.#closed || !this.#shown || !this.#interface.terminal) {
      this.#output.write(`${text}\n`);
      return;
    }
    this.#output.write(`\r\x1b[J${text}\n`);
    this.#interface.prompt(true);
  }

  [Symbol.dispose](): void {
    if (this.#shown && this.#interface.terminal && !this.#closed) this.#output.write("\r\x1b[J");
    this.#closed = true;
    this.#interface.close();
    process.stdin.destroy();
  }
}
