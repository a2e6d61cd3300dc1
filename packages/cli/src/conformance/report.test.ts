import type { CheckResult } from "@skein/testing";
import { expect, it } from "vitest";
import { resultJson, resultLines, summaryText } from "./report.js";

const plain = (_: unknown, text: string) => text;
const check = (verdict: CheckResult["verdict"], section = "links.md: HELLO"): CheckResult => ({
  section,
  name: "says HELLO",
  verdict,
  durationMs: 5,
});

it("names a section once, above its checks", () => {
  const [first, second] = [check({ is: "passed" }), check({ is: "passed" })];
  expect(resultLines(first, undefined, plain)).toEqual(["", "links.md: HELLO", "  ✓ says HELLO"]);
  expect(resultLines(second, first, plain)).toEqual(["  ✓ says HELLO"]);
});

it("says what was expected and what came, without what would change the terminal", () => {
  const failed = check({ is: "failed", expected: "`hello`", came: "\u001b[31mred" });
  expect(resultLines(failed, failed, plain)).toEqual([
    "  ✗ says HELLO",
    "      expected: `hello`",
    "      came:     red",
  ]);
});

it("says why a check was skipped", () => {
  const skipped = check({ is: "skipped", because: "there is no relay" });
  expect(resultLines(skipped, skipped, plain)).toEqual(["  – says HELLO", "      skipped, because there is no relay"]);
});

it("gives programs one object a check", () => {
  expect(JSON.parse(resultJson(check({ is: "failed", expected: "a", came: "b" })))).toEqual({
    event: "check",
    section: "links.md: HELLO",
    name: "says HELLO",
    is: "failed",
    expected: "a",
    came: "b",
    durationMs: 5,
  });
});

it("sums up, and leaves out what there is none of", () => {
  expect(summaryText({ passed: 3, failed: 1, advised: 0, skipped: 2 })).toBe(
    "3 of 6 checks passed, 1 failed, 2 were skipped.",
  );
});
