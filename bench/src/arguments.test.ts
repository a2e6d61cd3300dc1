import { describe, expect, it } from "vitest";
import { choose, parseArguments } from "./arguments.ts";
import { type Bench, median } from "./bench.ts";

const quiet = { writeOut: () => {}, writeErr: () => {} };

describe("the command line", () => {
  it("asks for everything unless it says otherwise", () => {
    expect(parseArguments([])).toEqual({ scale: "full", only: [], list: false, markdown: false, strict: false });
  });

  it("can ask for all there is", () => {
    const line = "--json out.json --quick --only server --only open-node-node --list --markdown --strict";
    expect(parseArguments(line.split(" "))).toEqual({
      json: "out.json",
      scale: "quick",
      only: ["server", "open-node-node"],
      list: true,
      markdown: true,
      strict: true,
    });
  });

  it.each([[["--what"]], [["--json"]], [["--only", " "]], [["extra"]]])("refuses %j with exit code 1", (argv) => {
    expect(() => parseArguments(argv, quiet)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });

  it("shows its help, with exit code 0", () => {
    let help = "";
    const write = {
      ...quiet,
      writeOut: (text: string) => {
        help += text;
      },
    };
    expect(() => parseArguments(["--help"], write)).toThrow(expect.objectContaining({ exitCode: 0 }));
    for (const option of ["--json", "--quick", "--only", "--list", "--markdown", "--strict"]) {
      expect(help).toContain(option);
    }
  });
});

describe("choosing benches", () => {
  const row = { about: "", unit: "", better: "lower", quantity: "", statistic: median } as const;
  const bench = (name: string, quick: number, ...rows: string[]): Bench => ({
    name,
    rounds: { full: 5, quick },
    warmUps: 1,
    timeoutMs: 1,
    rows: rows.map((rowName) => ({ ...row, name: rowName })),
    start: () => Promise.reject(new Error("not to be started")),
  });
  const benches = [
    bench("open-node-node", 3, "open-node-node", "open-node-node-p90"),
    bench("server-forward", 1, "server-forward-cpu", "server-forward-rate"),
    bench("server-forward-1000", 0, "server-forward-cpu-1000"),
  ];
  const chosen = (scale: "full" | "quick", ...only: string[]) =>
    choose(benches, { scale, only }).flatMap(({ rows }) => rows.map(({ name }) => name));

  it("takes all where none is named", () => {
    expect(chosen("full")).toHaveLength(5);
  });

  it("leaves out what has no quick run", () => {
    expect(chosen("quick")).not.toContain("server-forward-cpu-1000");
  });

  it("takes a bench by its name, with all of its rows", () => {
    expect(chosen("full", "server-forward")).toEqual(["server-forward-cpu", "server-forward-rate"]);
  });

  it("takes a row by its name, without those that go on after it", () => {
    expect(chosen("full", "server-forward-cpu")).toEqual(["server-forward-cpu"]);
  });

  it("takes all that begin with what is no name by itself", () => {
    expect(chosen("full", "server")).toEqual(["server-forward-cpu", "server-forward-rate", "server-forward-cpu-1000"]);
  });

  it("takes what any of several names fits", () => {
    expect(chosen("full", "open-node-node-p90", "server-forward-rate")).toEqual([
      "open-node-node-p90",
      "server-forward-rate",
    ]);
  });

  it("takes nothing for a name that fits none", () => {
    expect(chosen("full", "unknown")).toEqual([]);
  });
});
