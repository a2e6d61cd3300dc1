import { expect, it } from "vitest";
import type { RejectionCode } from "../decoded.js";
import { errorCodes } from "../errors.js";
import { fieldsOf } from "./notation.test-support.js";
import { tableOf, word, words } from "./pages.test-support.js";

const rejectionCodes: Readonly<Record<RejectionCode, true>> = {
  malformed: true,
  "over-limit": true,
  forged: true,
  replayed: true,
  "unknown-type": true,
  "unsupported-version": true,
};

it("the table of rejections has every code there is, and no other", () => {
  const listed = tableOf("errors.md", "Rejections", "code").map(([code = ""]) => word(code));
  expect(listed.sort()).toEqual(Object.keys(rejectionCodes).sort());
});

it("the table of errors has every code there is, and no other", () => {
  const listed = tableOf("errors.md", "Codes", "code").map(([code = ""]) => word(code));
  expect(listed).toEqual([...listed].sort());
  expect(new Set(listed)).toEqual(errorCodes);
});

it("codes go in nothing but words that carry one", () => {
  const wires = tableOf("errors.md", "Codes", "code").flatMap(([, , wire = ""]) => words(wire.replace(/[(;].*/, "")));
  const carriers = [...new Set(wires)];
  const payloads = tableOf("links.md", "Payloads", "kind");
  const records = tableOf("links.md", "Frames and records", "type");
  const messages = tableOf("server.md", "From the server", "`t`");
  for (const carrier of carriers) {
    const row = [...payloads, ...records, ...messages].find(([first = ""]) => words(first)[0] === carrier) ?? [];
    const described = row[1] ?? "";
    const keys = fieldsOf(/\{(.*)\}/.exec(described)?.[1] ?? described).map(({ key }) => key);
    expect([carrier, keys]).toEqual([
      carrier,
      expect.arrayContaining(["code", carrier === "close" ? "reason" : "message"]),
    ]);
  }
  expect(carriers.length).toBeGreaterThan(3);
});
