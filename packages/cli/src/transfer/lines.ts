import type { Peer } from "@skein/client";
import { clean, type Ink } from "../terminal/ink.js";
import { ProgressBar } from "../terminal/progress-bar.js";
import { bytesText, countText, durationText } from "../terminal/units.js";
import { nameOf } from "./called.js";
import type { Entry, Outcome } from "./protocol.js";
import type { Sum } from "./tally.js";

/** Of files that didn't go through; the rest is counted at the end. */
const outcomeLinesMost = 20;

/** What both sides of a transfer show on a terminal: lines, and a bar under them. */
export class TransferLines implements Disposable {
  readonly ink: Ink;
  readonly #bar: ProgressBar;
  #outcomes = 0;

  constructor(ink: Ink) {
    this.ink = ink;
    this.#bar = new ProgressBar(ink);
  }

  say(line: string): void {
    this.#bar.print(line);
  }

  warn(line: string): void {
    this.say(`${this.ink("yellow", "!")} ${line}`);
  }

  name(peer: Peer): string {
    return this.ink("bold", clean(nameOf(peer)));
  }

  progress(bytes: number, of: number): void {
    this.#bar.show(bytes, of);
  }

  /** What didn't simply come through. */
  settled({ path }: Entry, outcome: Outcome): void {
    if (outcome.is === "received" || outcome.is === "made" || this.#outcomes++ >= outcomeLinesMost) return;
    if (outcome.is === "refused") this.warn(`${clean(path)}: ${clean(outcome.reason)}`);
    else this.say(this.ink("dim", `= ${clean(path)}: the same file is there already`));
  }

  /** Nothing moves now. */
  pause(): void {
    this.#bar.hide();
    this.#outcomes = 0;
  }

  [Symbol.dispose](): void {
    this.#bar[Symbol.dispose]();
  }
}

/** `3 files, 1.2 GB` */
export function amountText(files: number, bytes: number): string {
  return `${countText(files, "file")}, ${bytesText(bytes)}`;
}

/** What became of it all: `2 files, 1.2 GB; 1 file there already; 1.2 GB in 14 s, 84 MB/s`. */
export function sumText({ tally: { counts, receivedBytes }, carriedBytes, ms }: Sum): string {
  const { received, present, made, refused } = counts;
  const parts = [amountText(received, receivedBytes)];
  if (made > 0) parts.push(countText(made, "empty folder"));
  if (present > 0) parts.push(`${countText(present, "file")} there already`);
  if (refused > 0) parts.push(`${refused.toLocaleString("en-GB")} refused`);
  const rate = (carriedBytes * 1000) / Math.max(ms, 1);
  return `${parts.join("; ")} (${bytesText(carriedBytes)} in ${durationText(ms)}, ${bytesText(rate)}/s)`;
}

/** `photos, notes.txt …`: the first few names of what is sent. */
export function namesText(names: readonly string[]): string {
  const shown = names.slice(0, 3).map(clean).join(", ");
  return names.length > 3 ? `${shown} …` : shown;
}
