import { durationText } from "../terminal/units.js";
import type { Failed } from "./play.js";

/** What was played so far. */
export interface Tally {
  readonly runs: number;
  readonly simulatedMs: number;
  readonly steps: number;
  readonly failed: Failed | undefined;
}

/** How often it is drawn anew at the most. */
const drawnMs = 200;

/** One line on a terminal's stderr that says how far a simulation is; nothing where there is no terminal. */
export class TallyLine implements Disposable {
  #drawnAtMs = 0;
  #shown: "nothing" | "a line" = "nothing";

  show({ runs, simulatedMs }: Tally, of: number | undefined): void {
    const nowMs = performance.now();
    if (nowMs < this.#drawnAtMs + drawnMs) return;
    this.#drawnAtMs = nowMs;
    const goal = of === undefined ? "" : ` of ${of.toLocaleString("en-GB")}`;
    this.print(`${runs.toLocaleString("en-GB")}${goal} scenarios, ${durationText(simulatedMs)} of simulated time`);
  }

  print(line: string): void {
    if (process.stderr.isTTY !== true) return;
    this.#shown = "a line";
    process.stderr.write(`\r\x1b[2K${line}`);
  }

  hide(): void {
    if (this.#shown === "a line") process.stderr.write("\r\x1b[2K");
    this.#shown = "nothing";
  }

  [Symbol.dispose](): void {
    this.hide();
  }
}
