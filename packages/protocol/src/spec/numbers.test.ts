import { expect, it } from "vitest";
import { contentByte } from "../sealed/envelope.js";
import { packetKind } from "../wire/packet.js";
import { payloadKind } from "../wire/payload.js";
import { features, lanes, recordType } from "../wire/record.js";
import { partOf, tableOf, word, words } from "./pages.test-support.js";

/** Rows that begin with ``number `name` ``. */
function numbered(page: string, heading: string, first: string): Record<string, number> {
  const rows = tableOf(page, heading, first);
  return Object.fromEntries(rows.map(([cell = ""]) => [word(cell), Number.parseInt(cell, 10)]));
}

it("records have the numbers of their table, and no other is known", () => {
  expect(numbered("links.md", "Frames and records", "type")).toEqual(recordType);
});

it("payloads have the numbers of their table, and no other is known", () => {
  expect(numbered("links.md", "Payloads", "kind")).toEqual(payloadKind);
});

it("packets have the kinds of their table", () => {
  const kinds = tableOf("server.md", "Packets", "kind").map(([kind, , name]) => [Number(kind), name]);
  expect(kinds).toEqual([
    [packetKind.control, "control"],
    [packetKind.signal, "forward, signal class"],
    [packetKind.relay, "forward, relay class"],
    [4, "kept for later"],
  ]);
});

it("envelopes have the contents of their table", () => {
  const contents = tableOf("envelopes.md", "Sealing", "content").map(([content, body = ""]) => [Number(content), body]);
  expect(contents).toEqual([
    [contentByte.signal, expect.stringMatching(/^a signal/)],
    [contentByte.frame, expect.stringMatching(/^a frame/)],
  ]);
});

it("lanes have the numbers that the text gives them", () => {
  const [sentence = ""] = /A link has three lanes: [^.]*\./.exec(partOf("links.md", "Lanes and pieces")) ?? [];
  expect([...sentence.matchAll(/(\d) `([a-z]+)`/g)].map(([, number, lane]) => [Number(number), lane])).toEqual([
    ...lanes.entries(),
  ]);
});

it("features are those that the page of compatibility names", () => {
  const [sentence = ""] =
    /Today's features are .*$/m.exec(partOf("compatibility.md", "How the two ends find out")) ?? [];
  expect(words(sentence)).toEqual([...features]);
});
