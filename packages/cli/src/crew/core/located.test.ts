import { expect, it } from "vitest";
import { theOne } from "./located.js";

const entry = (name: string, set = "a") => ({ name, bytes: 1, set });

it("is the file of that very name, and all the sets that it is in", () => {
  const entries = [entry("docs/x.md"), entry("x.md"), entry("x.md", "b")];
  expect(theOne("x.md", entries)).toEqual({ file: "x.md", bytes: 1, sets: ["a", "b"] });
});

it("is the one whose path ends so, where there is one", () => {
  expect(theOne("x.md", [entry("docs/x.md"), entry("docs/x.md", "b")]).file).toBe("docs/x.md");
});

it.each([
  ["none", [], /No agent in the room holds "x.md"/],
  ["several", [entry("a/x.md"), entry("b/x.md")], /2 files end in "x.md": say which, a\/x.md, b\/x.md$/],
])("is said to be unclear where there are %s", (_what, entries, sentence) => {
  expect(() => theOne("x.md", entries)).toThrow(sentence);
});
