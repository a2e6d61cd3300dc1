import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";

const done = "-- typed --";

/** A shell's program: it does what is in the files that it is told of, one after another, and keeps what they set. */
export const readingFiles = `exec 2>&1; while IFS= read -r file; do set -v; . "$file" < /dev/null; { set +v; } 2> /dev/null; echo "${done}"; done`;

/** One shell, into which everything is typed. */
export class Shell {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor([command, ...args]: readonly string[]) {
    const child = spawn(command as string, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
  }

  /** Gives what a file's commands wrote, and shows it line by line. */
  read(file: string, show: (line: string) => void): Promise<string> {
    return new Promise((resolve, reject) => {
      let output = "";
      const finish = (): void => {
        this.#lines.off("line", take).off("close", fail);
      };
      const fail = (): void => {
        finish();
        reject(new Error("A line that was typed fails; it is the last that was shown."));
      };
      const take = (line: string): void => {
        if (line === done) {
          finish();
          return resolve(output);
        }
        show(line);
        output += `${line}\n`;
      };
      this.#lines.on("line", take).on("close", fail);
      this.#child.stdin?.write(`${file}\n`);
    });
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}
