import * as v from "valibot";
import { describe, expect, expectTypeOf, it } from "vitest";
import { limits } from "../limits.js";
import { defineProtocol, message, request } from "./definition.js";
import type { InputOf, OutputOf } from "./validate.js";

const badArgument = expect.objectContaining({ code: "bad-argument" });

describe("defineProtocol", () => {
  it("names each definition in full", () => {
    const chat = defineProtocol("acme.chat", "1.2.0", {
      say: message(v.object({ text: v.string() })),
      fetch: request((value) => String(value), v.number()),
    });
    expect(chat.say).toMatchObject({ kind: "message", name: "acme.chat/say", protocol: "acme.chat" });
    expect(chat.fetch).toMatchObject({ kind: "request", name: "acme.chat/fetch", protocol: "acme.chat" });
    expect(chat["~protocol"]).toEqual({ name: "acme.chat", versions: ["1.2.0"] });
    expect(Object.keys(chat).sort()).toEqual(["fetch", "say", "~protocol"]);
  });

  it("carries the schema's types, what goes in and what comes out", () => {
    const schema = v.object({ count: v.optional(v.number(), 0) });
    const chat = defineProtocol("acme.chat", "1.0.0", {
      say: message(schema),
      plain: message((value) => value as Date),
    });
    expectTypeOf<InputOf<typeof schema>>().toEqualTypeOf<{ count?: number | undefined }>();
    expectTypeOf<OutputOf<typeof schema>>().toEqualTypeOf<{ count: number }>();
    expectTypeOf<NonNullable<(typeof chat.say)["~input"]>>().toEqualTypeOf<{ count?: number | undefined }>();
    expectTypeOf<NonNullable<(typeof chat.plain)["~input"]>>().toEqualTypeOf<Date>();
  });

  it("lets messages be lossy, and no requests: those are owed an answer", () => {
    expect(message(String, { lane: "lossy" }).lane).toBe("lossy");
    // @ts-expect-error The types say so too.
    expect(() => request(String, String, { lane: "lossy" })).toThrow(badArgument);
  });

  it("refuses what checks nothing, lanes that there aren't, and a table of anything else, in a program without types", () => {
    const loose = { message, request, defineProtocol } as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const schema of [undefined, null, "text", {}, { type: "object" }]) {
      expect(() => loose.message?.(schema)).toThrow(badArgument);
      expect(() => loose.request?.(String, schema)).toThrow(badArgument);
    }
    expect(() => loose.message?.(String, { lane: "fast" })).toThrow(/control, default, bulk/);
    expect(() => loose.defineProtocol?.("acme.chat", { say: message(String) })).toThrow(/a version is/);
    expect(() => loose.defineProtocol?.("acme.chat", "1.0.0", { say: String })).toThrow(/"say" is made by message/);
  });

  it("takes names of words joined by dots, dashes or underscores", () => {
    for (const name of ["chat", "acme.chat", "a-b_c.d", "Acme2.Chat", "a".repeat(limits.nameLength)]) {
      expect(defineProtocol(name, "1", {})["~protocol"].name).toBe(name);
    }
  });

  it("refuses names that others couldn't read", () => {
    const wrong = [
      "",
      ".",
      "a.",
      ".a",
      "a..b",
      "a/b",
      "a b",
      "ä",
      "__proto__",
      "~protocol",
      "a".repeat(limits.nameLength + 1),
    ];
    for (const name of wrong) {
      expect(() => defineProtocol(name, "1.0.0", {})).toThrow(badArgument);
      expect(() => defineProtocol("acme.chat", "1.0.0", { [name]: message(v.any()) })).toThrow(badArgument);
    }
    for (const name of ["constructor", "prototype"])
      expect(() => defineProtocol(name, "1.0.0", {})).toThrow(badArgument);
  });

  it("answers at once for a long name that nearly fits", () => {
    const name = `${"a".repeat(100_000)}!`;
    expect(() => defineProtocol(name, "1.0.0", {})).toThrow(badArgument);
    expect(() => defineProtocol("acme.chat", "1.0.0", { [`${"a".repeat(60)}!`]: message(v.any()) })).toThrow(
      badArgument,
    );
  });

  it("refuses versions that can't be ordered, none, or too many", () => {
    for (const version of [
      "",
      "1.",
      "v1",
      "1.0.0-beta",
      "1.0.0.0",
      "1 ",
      "1\n",
      "1".repeat(limits.versionLength + 1),
    ]) {
      expect(() => defineProtocol("acme.chat", version, {})).toThrow(badArgument);
    }
    expect(() => defineProtocol("acme.chat", [], {})).toThrow(badArgument);
    const many = Array.from({ length: limits.versionsPerProtocol + 1 }, (_, i) => `${i}`);
    expect(() => defineProtocol("acme.chat", many, {})).toThrow(expect.objectContaining({ code: "too-large" }));
    expect(defineProtocol("acme.chat", many.slice(1), {})["~protocol"].versions).toHaveLength(
      limits.versionsPerProtocol,
    );
  });
});
