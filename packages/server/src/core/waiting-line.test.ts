import { describe, expect, test } from "vitest";
import { WaitingLine } from "./waiting-line.js";

describe("a waiting line", () => {
  test("has no deadline while nobody waits", () => {
    const line = new WaitingLine<string>(100);
    expect(line.deadline()).toBeUndefined();
    line.add("a", 0);
    line.delete("a");
    expect(line.deadline()).toBeUndefined();
  });

  test("gives out who is due, in order, and once", () => {
    const line = new WaitingLine<string>(100);
    line.add("a", 0);
    line.add("b", 10);
    line.add("c", 20);
    expect(line.takeDue(99)).toEqual([]);
    expect(line.takeDue(110)).toEqual(["a", "b"]);
    expect(line.takeDue(110)).toEqual([]);
    expect(line.deadline()).toBe(120);
  });

  test("whoever is added again goes to the end", () => {
    const line = new WaitingLine<string>(100);
    line.add("a", 0);
    line.add("b", 10);
    line.add("a", 20);
    expect(line.deadline()).toBe(110);
    expect(line.takeDue(120)).toEqual(["b", "a"]);
  });
});
