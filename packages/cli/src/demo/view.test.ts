import { describe, expect, it } from "vitest";
import { createInk } from "../terminal/ink.js";
import type { FoundHit } from "./findings.js";
import { chooseHits, foundLines, shownLinks } from "./view.js";

const hit = (name: string, file: string, line: number, text = "data channel"): FoundHit => ({
  name,
  file,
  line,
  text,
});
const plain = createInk({});

describe("chooseHits", () => {
  it("shows something of everyone, and of no file more than two lines", () => {
    const hits = [
      ...Array.from({ length: 50 }, (_, index) => hit("fern", "a.md", index)),
      ...Array.from({ length: 50 }, (_, index) => hit("moss", `${index}.md`, 1)),
      hit("birch", "z.md", 9),
    ];
    const chosen = chooseHits(hits, "data channel");
    expect(chosen).toHaveLength(12);
    expect(chosen.filter(({ name }) => name === "fern")).toHaveLength(2);
    expect(chosen.filter(({ name }) => name === "birch")).toHaveLength(1);
  });

  it("puts lines first that hold the words as they were typed", () => {
    const hits = [hit("fern", "a.md", 1, "channel for data"), hit("fern", "b.md", 2, "a Data Channel")];
    expect(chooseHits(hits, "data channel").map(({ file }) => file)).toEqual(["b.md", "a.md"]);
  });
});

describe("foundLines", () => {
  const found = { agents: 3, files: 10, failed: 0, ms: 12 };

  it("shows file, line, agent and text, and sums it up", () => {
    const lines = foundLines({ ...found, hits: [hit("fern", "a.md", 3)] }, "data", plain, 80);
    expect(lines).toContain("  a.md:3  fern");
    expect(lines).toContain("    data channel");
    expect(lines).toContain("  1 line in 1 file · 3 agents looked into 10 files in 12 ms");
  });

  it("lets no text of a peer move the cursor, and cuts to the width", () => {
    const lines = foundLines(
      { ...found, hits: [hit("fern", "a\x1b[2J.md", 1, `\x1b[2Jdata ${"x".repeat(300)}`)] },
      "data",
      plain,
      80,
    );
    expect(lines.join("")).not.toContain("\x1b");
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it("says that a part couldn't be searched", () => {
    expect(foundLines({ ...found, failed: 1, hits: [] }, "data", plain, 80).join("\n")).toContain(
      "1 part of the files couldn't be searched",
    );
  });
});

describe("shownLinks", () => {
  const peer = (id: string, name: string) => ({
    id,
    name,
    engine: null,
    state: "connected",
    path: "direct",
    rttMs: 1,
    openMs: 2,
    traffic: { bytesSent: 0, bytesReceived: 0 },
    bytesPerSecond: 0,
    peakBytesPerSecond: 0,
  });

  it("shows each link once, and those to others too", () => {
    const links = shownLinks([
      { agent: { id: "1", name: "fern" }, peers: [peer("2", "moss"), peer("9", "ada")] },
      { agent: { id: "2", name: "moss" }, peers: [peer("1", "fern"), peer("9", "ada")] },
    ]);
    expect(links.map(({ a, b }) => `${a} ${b}`)).toEqual(["fern moss", "fern ada", "moss ada"]);
  });
});
