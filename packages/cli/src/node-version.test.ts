import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { nodeComplaint } from "./node-version.js";

it.each(["22.0.0", "24.21.0", "26.0.0-nightly"])("Node %s will do", (version) => {
  expect(nodeComplaint(version)).toBeUndefined();
});

it.each(["20.20.2", "21.7.3", "18.0.0"])("Node %s is too old, and is told so in a sentence", (version) => {
  expect(nodeComplaint(version)).toBe(
    `This is Node ${version}, and Skein needs Node 22 or newer: install one, or run it by its path.`,
  );
});

it("the oldest is the one that the package says", () => {
  const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly engines: { readonly node: string };
  };
  expect(engines.node).toBe(">=22");
});
