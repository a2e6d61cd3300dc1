import cliProgress from "cli-progress";
import { RateMeter } from "../agent/rate-meter.js";
import type { Ink } from "./ink.js";
import { bytesText, durationText } from "./units.js";

/** Of figures beside the bar. */
const figuresWidth = 56;

/** How far something is, and how fast. Shown on terminals alone; gone when it is done. */
export class ProgressBar implements Disposable {
  readonly #bar: cliProgress.SingleBar;
  readonly #rates = new RateMeter();
  #shown: { readonly bytes: number; readonly of: number } | undefined;

  constructor(ink: Ink) {
    const columns = process.stdout.columns ?? 80;
    this.#bar = new cliProgress.SingleBar({
      format: (options, { progress, value, total }) => {
        this.#rates.add(value, performance.now());
        const bar = ink("green", cliProgress.Format.BarFormat(progress, options));
        return `  ${bar}  ${figures(value, total, this.#rates.rate, ink)}`;
      },
      barsize: Math.max(8, Math.min(48, columns - figuresWidth)),
      barCompleteChar: "━",
      barIncompleteChar: "─",
      hideCursor: true,
      clearOnComplete: true,
      // Otherwise it would turn it off, and a process that is killed leaves it so.
      linewrap: true,
      stream: process.stdout,
    });
  }

  show(bytes: number, of: number): void {
    if (this.#shown?.of === of) this.#bar.update(bytes);
    else this.#bar.start(of, bytes);
    this.#shown = { bytes, of };
  }

  /** Writes a line above it. */
  print(line: string): void {
    const shown = this.#shown;
    this.hide();
    process.stdout.write(`${line}\n`);
    if (shown !== undefined) this.show(shown.bytes, shown.of);
  }

  hide(): void {
    if (this.#shown !== undefined) this.#bar.stop();
    this.#shown = undefined;
  }

  [Symbol.dispose](): void {
    this.hide();
  }
}

function figures(bytes: number, of: number, rate: number, ink: Ink): string {
  const percent = `${of === 0 ? 100 : Math.floor((bytes * 100) / of)}%`.padStart(4);
  const left = rate === 0 ? "" : `  ${durationText(((of - bytes) * 1000) / rate)} left`;
  return `${percent}  ${bytesText(bytes)} of ${bytesText(of)}  ${ink("dim", `${bytesText(rate)}/s${left}`)}`;
}
