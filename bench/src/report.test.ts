import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureWritable, formatMarkdown, formatTable, writeJson } from "./report.ts";
import type { Row } from "./rows.ts";

const rows: Row[] = [
  {
    name: "server-forward-rate",
    unit: "forwards/s",
    ours: 123_456,
    peer: 98_765,
    peerName: "peerjs-server",
    ratio: 1.25,
    mark: "≥ peerjs-server",
    ok: true,
  },
  { name: "size", unit: "KB", ours: 37.254, peer: null, peerName: null, ratio: null, mark: "≤ 36 KB", ok: false },
  { name: "open", unit: "ms", ours: 20, peer: 10, peerName: "raw", ratio: 2, mark: null, ok: true },
];

describe("the table", () => {
  it("has a line for each row, with aligned columns and nothing around them", () => {
    expect(formatTable(rows).split("\n")).toEqual([
      "name                 unit           ours    peer  peer's name    ratio  mark             ok",
      "server-forward-rate  forwards/s  123,500  98,770  peerjs-server   1.25  ≥ peerjs-server  yes",
      "size                 KB             37.3       –  –                  –  ≤ 36 KB          no",
      "open                 ms               20      10  raw             2.00  –                –",
    ]);
  });

  it("is Markdown for the documentation", () => {
    const [head, line, ...cells] = formatMarkdown(rows).split("\n");
    expect(head).toMatch(/^\| name +\| unit +\| +ours \|/);
    expect(line).toMatch(/^\| :-+ \| :-+ \| -+: \| -+: \| :-+ \| -+: \| :-+ \| :-+ \|$/);
    expect(cells[1]).toMatch(/^\| `size` +\| KB +\| +37\.3 \| +– \| – +\| +– \| ≤ 36 KB +\| no +\|$/);
  });
});

describe("the file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bench-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("holds the rows, and lies alone in its folder", () => {
    writeJson(join(folder, "rows.json"), rows);
    expect(JSON.parse(readFileSync(join(folder, "rows.json"), "utf8"))).toEqual(rows);
    expect(readdirSync(folder)).toEqual(["rows.json"]);
  });

  it("takes the place of an older one", () => {
    writeJson(join(folder, "rows.json"), rows);
    writeJson(join(folder, "rows.json"), []);
    expect(JSON.parse(readFileSync(join(folder, "rows.json"), "utf8"))).toEqual([]);
  });

  it("isn't there at all where it can't be written", () => {
    expect(() => writeJson(join(folder, "missing", "rows.json"), rows)).toThrow(/ENOENT/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is refused before the run where its folder is missing", () => {
    expect(() => ensureWritable(join(folder, "missing", "rows.json"))).toThrow(/can't be written/);
    expect(() => ensureWritable(join(folder, "rows.json"))).not.toThrow();
  });
});
