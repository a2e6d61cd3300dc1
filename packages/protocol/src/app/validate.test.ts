import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { type Schema, validate } from "./validate.js";

const standard = (check: (value: unknown) => unknown) =>
  ({ "~standard": { version: 1, vendor: "test", validate: check } }) as unknown as Schema;

describe("validate", () => {
  it("takes valibot's schemas, with their defaults", () => {
    const schema = v.object({ text: v.string(), count: v.optional(v.number(), 7) });
    expect(validate(schema, { text: "hi" })).toEqual({ ok: true, value: { text: "hi", count: 7 } });
    const wrong = validate(v.object({ at: v.array(v.object({ x: v.number() })) }), { at: [{ x: 1 }, { x: "2" }] });
    expect(wrong).toMatchObject({ ok: false, code: "malformed", reason: expect.stringMatching(/^at\.1\.x: /) });
  });

  it("takes functions that return the value or throw", () => {
    const even = (value: unknown) => {
      if (typeof value !== "number" || value % 2) throw new Error("must be even");
      return value;
    };
    expect(validate(even, 4)).toEqual({ ok: true, value: 4 });
    expect(validate(even, 5)).toEqual({ ok: false, code: "malformed", reason: "must be even" });
  });

  it("takes validators that are functions themselves, as arktype's are", () => {
    const callable = Object.assign(
      () => "called",
      standard((value) => ({ value: `checked ${value}` })),
    );
    expect(validate(callable as unknown as Schema, 1)).toEqual({ ok: true, value: "checked 1" });
  });

  it("never throws, whatever is thrown within", () => {
    for (const thrown of [new Error("inside"), "text", undefined, null, Symbol("s"), Object.create(null)]) {
      const fail = () => {
        throw thrown;
      };
      expect(validate(fail, 1)).toMatchObject({ ok: false, code: "malformed" });
      expect(validate(standard(fail), 1)).toMatchObject({ ok: false, code: "malformed" });
    }
    expect(
      validate(
        standard(() => undefined),
        1,
      ),
    ).toMatchObject({ ok: false });
  });

  it("rejects what is asynchronous, and leaves no rejection unhandled", async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listen);
    const late = () => Promise.reject(new Error("late"));
    for (const schema of [late, standard(late), standard(async () => ({ value: 1 })), async () => 1]) {
      expect(validate(schema as Schema, 1)).toMatchObject({
        ok: false,
        reason: expect.stringContaining("asynchronous"),
      });
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", listen);
    expect(unhandled).toEqual([]);
  });

  it("speaks of the whole where the validator tells no path", () => {
    expect(
      validate(
        standard(() => ({ issues: [{ message: "no" }] })),
        1,
      ),
    ).toMatchObject({ reason: "no" });
    expect(
      validate(
        standard(() => ({ issues: [] })),
        1,
      ),
    ).toMatchObject({ reason: "doesn't fit" });
    const keyed = { issues: [{ message: "no", path: [{ key: "a" }, 0, Symbol("s")] }] };
    expect(
      validate(
        standard(() => keyed),
        1,
      ),
    ).toMatchObject({ reason: "a.0.Symbol(s): no" });
  });
});
