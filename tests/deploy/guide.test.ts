import { expect, it } from "vitest";
import { commandsOf, under } from "./guide.ts";

const guide = `
\`\`\`sh
first
\`\`\`
## A
\`\`\`sh
a
\`\`\`
### One
\`\`\`sh
a one
\`\`\`
\`\`\`
not typed
\`\`\`
### Two
\`\`\`sh
a two
\`\`\`
## B
\`\`\`sh
b
\`\`\`
`;

it("what is to be typed is in the guide's order, and under its headings", () => {
  expect(commandsOf(guide)).toEqual([
    { under: [], text: "first\n" },
    { under: ["A"], text: "a\n" },
    { under: ["A", "One"], text: "a one\n" },
    { under: ["A", "Two"], text: "a two\n" },
    { under: ["B"], text: "b\n" },
  ]);
});

it("one of several ways is left out by its heading", () => {
  const texts = under(commandsOf(guide), /^A$/, /^Two$/).map(({ text }) => text);
  expect(texts).toEqual(["a\n", "a one\n"]);
});
