import fc from "fast-check";
import { expect, it } from "vitest";
import type { ArtifactId } from "./content-id.js";
import { WantedQueue, wantedMost } from "./wanted.js";

const id = (number: number) => `${number}`.padStart(64, "0") as ArtifactId;

it("gives what is wanted in its order, each once, and holds no more than it may", () => {
  const want = fc.record({ id: fc.nat(2).map(id), index: fc.oneof(fc.nat(80), fc.constant("list" as const)) });
  fc.assert(
    fc.property(fc.array(want, { minLength: 150, maxLength: 300 }), (wants) => {
      const queue = new WantedQueue();
      const expected = new Map<string, unknown>();
      for (const wanted of wants) {
        const key = `${wanted.id} ${wanted.index}`;
        const isTaken = queue.add(wanted);
        expect(isTaken).toBe(expected.has(key) || expected.size < wantedMost);
        if (isTaken) expected.set(key, wanted);
        expect(queue.size).toBeLessThanOrEqual(wantedMost);
      }
      const given = Array.from({ length: queue.size }, () => queue.next());
      expect(given).toEqual([...expected.values()]);
      expect(queue.next()).toBeUndefined();
    }),
  );
});

it("forgets what isn't wanted any more", () => {
  const queue = new WantedQueue();
  for (const number of [1, 2, 1]) queue.add({ id: id(number), index: number });
  queue.removeAll(id(1));
  expect(queue.next()).toEqual({ id: id(2), index: 2 });
  expect(queue.size).toBe(0);
});
