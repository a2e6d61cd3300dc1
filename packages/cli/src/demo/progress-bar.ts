import cliProgress from "cli-progress";
import type { Ink } from "../terminal/ink.js";
import { bytesText } from "../terminal/units.js";

/** How far a fetch is. Shown on terminals alone; gone when it is done. */
export class ProgressBar implements Disposable {
  readonly #bar: cliProgress.SingleBar;
  readonly #startMs = performance.now();
  #started = false;

  constructor(ink: Ink) {
    this.#bar = new cliProgress.SingleBar({
      format: (options, { progress, value, total }) => {
        const rate = (value * 1000) / Math.max(1, performance.now() - this.#startMs);
        const bar = ink("green", cliProgress.Format.BarFormat(progress, options));
        return `    ${bar}  ${bytesText(value)} of ${bytesText(total)}  ${ink("dim", `${bytesText(rate)}/s`)}`;
      },
      barsize: 32,
      barCompleteChar: "━",
      barIncompleteChar: "─",
      hideCursor: true,
      clearOnComplete: true,
      stream: process.stdout,
    });
  }

  show(bytes: number, of: number): void {
    if (!this.#started) this.#bar.start(of, bytes);
    else this.#bar.update(bytes);
    this.#started = true;
  }

  [Symbol.dispose](): void {
    if (this.#started) this.#bar.stop();
  }
}
