import fc from "fast-check";
import { expect, it } from "vitest";
import { Recent } from "./recent.js";

const happening = fc.record({ name: fc.nat(5), counts: fc.boolean() });

it("keeps the last, in their order, and counts those that are to be counted", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80 }), fc.integer({ min: 1, max: 10 }), (all, most) => {
      const recent = new Recent<{ name: number; counts: boolean }>(most);
      let model: { name: number; counts: boolean; atMs: number; times: number }[] = [];
      all.forEach((one, atMs) => {
        recent.add(one, atMs, (before) => one.counts && before.counts && before.name === one.name);
        const same = model.find(({ name, counts }) => one.counts && counts && name === one.name);
        model = [...model.filter((kept) => kept !== same), { ...one, atMs, times: (same?.times ?? 0) + 1 }].slice(
          -most,
        );
        expect(recent.all).toEqual(model);
      });
    }),
  );
});
