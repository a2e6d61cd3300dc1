import { describe, expect, it, vi } from "vitest";
import { deferred } from "../deferred.js";
import { turn } from "../testing.test-support.js";
import { SerialInbox } from "./serial-inbox.js";

function inbox() {
  const overflows: string[] = [];
  return { inbox: new SerialInbox(({ code }) => overflows.push(code)), overflows };
}

describe("the serial inbox", () => {
  it("holds everything until it is started, then runs it in order, one after the other", async () => {
    const { inbox: tasks } = inbox();
    const done: string[] = [];
    const slow = deferred<void>();
    tasks.add(async () => {
      done.push("one begins");
      await slow.promise;
      done.push("one ends");
    });
    tasks.add(() => void done.push("two"));
    await turn();
    expect(done).toEqual([]);
    tasks.start();
    await turn();
    expect(done).toEqual(["one begins"]);
    slow.resolve();
    await turn();
    expect(done).toEqual(["one begins", "one ends", "two"]);
  });

  it("forgets what waits when it is closed, and takes nothing more", async () => {
    const { inbox: tasks } = inbox();
    const done: string[] = [];
    tasks.start();
    tasks.add(() => tasks.close());
    tasks.add(() => void done.push("waiting"));
    await turn();
    tasks.add(() => void done.push("later"));
    await turn();
    expect(done).toEqual([]);
  });

  it("is bounded: what is too much is turned away and counted, and what fits is run", async () => {
    const { inbox: tasks, overflows } = inbox();
    let runs = 0;
    for (let i = 0; i < 10_005; i++) tasks.add(() => void runs++);
    expect(overflows).toEqual(new Array(5).fill("over-limit"));
    tasks.start();
    await turn();
    expect(runs).toBe(10_000);
    tasks.add(() => void runs++);
    await turn();
    expect(runs).toBe(10_001);
    expect(overflows).toHaveLength(5);
  });

  it("goes on after a task that fails, and the failure is reported as uncaught", async () => {
    const { inbox: tasks } = inbox();
    const uncaught: unknown[] = [];
    const report = vi.spyOn(globalThis, "queueMicrotask").mockImplementation((callback) => {
      try {
        callback();
      } catch (error) {
        uncaught.push(error);
      }
    });
    const done: string[] = [];
    tasks.start();
    tasks.add(() => {
      throw new Error("thrown");
    });
    tasks.add(() => Promise.reject(new Error("rejected")));
    tasks.add(() => void done.push("three"));
    await turn();
    report.mockRestore();
    expect(done).toEqual(["three"]);
    expect(uncaught).toEqual([new Error("thrown"), new Error("rejected")]);
  });

  it("turns away what is more than it holds, by bytes as well, and takes more once some is done", async () => {
    const { inbox: tasks, overflows } = inbox();
    const done: number[] = [];
    for (let i = 0; i < 40; i++) tasks.add(() => void done.push(i), 1024 * 1024);
    expect(overflows).toEqual(Array(8).fill("over-limit"));
    tasks.start();
    await turn();
    tasks.add(() => void done.push(40), 1024 * 1024);
    await turn();
    expect(done).toEqual([...Array(32).keys(), 40]);
  });
});
