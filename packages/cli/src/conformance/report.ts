import type { CheckResult } from "@skein/testing";
import { clean, type Ink } from "../terminal/ink.js";

const marks = { passed: "✓", failed: "✗", advised: "!", skipped: "–" } as const;
const colours = { passed: "green", failed: "red", advised: "yellow", skipped: "dim" } as const;

/** A check as lines for people: under its section's name where that begins. */
export function resultLines(result: CheckResult, before: CheckResult | undefined, ink: Ink): string[] {
  const { section, name, verdict } = result;
  const head = before?.section === section ? [] : ["", ink("bold", section)];
  const line = `  ${ink(colours[verdict.is], marks[verdict.is])} ${name}`;
  return [...head, line, ...explanation(result).map((text) => `      ${text}`)];
}

function explanation({ verdict }: CheckResult): string[] {
  switch (verdict.is) {
    case "passed":
      return [];
    case "skipped":
      return [`skipped, because ${clean(verdict.because)}`];
    case "failed":
      return [`expected: ${clean(verdict.expected)}`, `came:     ${clean(verdict.came)}`];
    case "advised":
      return [`recommended: ${clean(verdict.expected)}`, `came:        ${clean(verdict.came)}`];
  }
}

/** The same for programs: one object. */
export function resultJson({ section, name, verdict, durationMs }: CheckResult): string {
  return JSON.stringify({ event: "check", section, name, ...verdict, durationMs });
}

export type Counts = Readonly<Record<CheckResult["verdict"]["is"], number>>;

export function summaryText({ passed, failed, advised, skipped }: Counts): string {
  const all = passed + failed + advised + skipped;
  const parts = [`${passed} of ${all} checks passed`, `${failed} failed`];
  if (advised > 0) parts.push(`${advised} recommendations weren't followed`);
  if (skipped > 0) parts.push(`${skipped} were skipped`);
  return `${parts.join(", ")}.`;
}
