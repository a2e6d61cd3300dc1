const enter = "\x1b[?1049h\x1b[?25l";
const leave = "\x1b[?25h\x1b[?1049l";
const home = "\x1b[H";
const clearLine = "\x1b[2K";
const wrapOff = "\x1b[?7l";
const wrapOn = "\x1b[?7h";

/** Whether stdout is a terminal that can be drawn on. */
export function hasScreen(): boolean {
  return process.stdout.isTTY === true && process.env.TERM !== "dumb";
}

/** All of the terminal, for what is drawn anew time and again. What was there before comes back at the end. */
export class Screen implements Disposable {
  readonly #resized: () => void;

  /** @param resized the terminal has another size: draw again */
  constructor(resized: () => void) {
    this.#resized = resized;
    process.stdout.write(enter);
    process.stdout.on("resize", resized);
    // Also where the process ends without having asked us.
    process.on("exit", restore);
  }

  get columns(): number {
    return process.stdout.columns;
  }

  get rows(): number {
    return process.stdout.rows;
  }

  /** Shows as many of the lines as there is room for. */
  draw(lines: readonly string[]): void {
    process.stdout.write(frame(lines, this.rows));
  }

  [Symbol.dispose](): void {
    process.stdout.off("resize", this.#resized);
    process.off("exit", restore);
    restore();
  }
}

/**
 * What draws lines over all rows. Each row is cleared before it is written: behind a line that fills it, that would take its last
 * character. A line that is too long after all (terminals differ on wide characters) is cut, not wrapped.
 */
export function frame(lines: readonly string[], rows: number): string {
  const drawn = Array.from({ length: rows }, (_, row) => clearLine + (lines[row] ?? ""));
  return wrapOff + home + drawn.join("\r\n") + wrapOn;
}

function restore(): void {
  process.stdout.write(leave);
}
