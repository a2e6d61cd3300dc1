import { expect, it } from "vitest";
import { amountText, namesText, sumText } from "./lines.js";
import { Tally } from "./tally.js";

it("says in a line what became of a transfer", () => {
  const tally = new Tally();
  const file = { kind: "file", path: "a", bytes: 1_200_000, modifiedMs: 0, executable: false } as const;
  const sha256 = "0".repeat(64);
  tally.add(file, { is: "received", sha256 });
  tally.add(file, { is: "received", sha256 });
  tally.add(file, { is: "present", sha256 });
  tally.add({ kind: "folder", path: "b" }, { is: "made" });
  tally.add(file, { is: "refused", reason: "no" });
  expect(sumText({ tally, carriedBytes: 2_000_000, ms: 2_000 })).toBe(
    "2 files, 2.4 MB; 1 empty folder; 1 file there already; 1 refused (2.0 MB in 2 s, 1.0 MB/s)",
  );
  expect(sumText({ tally: new Tally(), carriedBytes: 0, ms: 0 })).toBe("0 files, 0 B (0 B in 0 s, 0 B/s)");
});

it("names the first few of what is sent, without what would move the cursor", () => {
  expect(namesText(["a\x1b[2J", "b"])).toBe("a, b");
  expect(namesText(["a", "b", "c", "d"])).toBe("a, b, c …");
  expect(amountText(1234, 5)).toBe("1,234 files, 5 B");
});
