import fc from "fast-check";
import { expect, test } from "vitest";
import { Agenda } from "./agenda.js";

test("an agenda gives what is due, each once, at the last time that was set for it", () => {
  const moves = fc.array(fc.tuple(fc.nat(9), fc.option(fc.nat(100))), { maxLength: 60 });
  fc.assert(
    fc.property(moves, fc.nat(100), (all, nowMs) => {
      const agenda = new Agenda<number>();
      const plain = new Map<number, number>();
      for (const [item, dueMs] of all) {
        if (dueMs === null) {
          agenda.delete(item);
          plain.delete(item);
        } else {
          agenda.set(item, dueMs);
          plain.set(item, dueMs);
        }
      }
      expect(agenda.deadline()).toBe(plain.size === 0 ? undefined : Math.min(...plain.values()));
      const due = [...plain].filter(([, dueMs]) => dueMs <= nowMs).map(([item]) => item);
      expect(agenda.takeDue(nowMs).sort()).toEqual(due.sort());
      expect(agenda.size).toBe(plain.size - due.length);
      expect(agenda.takeDue(1_000)).toHaveLength(plain.size - due.length);
      expect(agenda.deadline()).toBeUndefined();
    }),
  );
});
