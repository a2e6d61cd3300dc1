import { limits, SkeinError } from "@skein/protocol";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { createPresence } from "../presence/presence.js";
import { MemoryNetwork } from "../simulation/memory-network.test-support.js";
import { VirtualClock } from "../simulation/virtual-clock.test-support.js";
import type { TaskContext } from "./function.js";
import { taskCapability, tasksProtocol } from "./protocol.js";
import { createTasks } from "./tasks.js";

function world(seed = 1) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock, seed);
  const random = (length: number) => network.random.bytes(length);
  const join = (number: number, capabilities: readonly string[] = []) => {
    const node = network.join(number);
    const presence = createPresence(node, { clock, capabilities });
    return { node, id: node.id, presence, tasks: createTasks(node, { presence, clock, random }) };
  };
  return { clock, network, join };
}

const double = async (input: unknown) => (input as number) * 2;
const never = () => new Promise<never>(() => {});
const code = (name: string) => expect.objectContaining({ code: name });

describe("tasks", () => {
  it("are done by a peer that can", async () => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    b.tasks.handle("double", { input: v.number(), output: v.number() }, (input) => input * 2);
    await clock.pass(200);
    const answer = a.tasks.delegate({ name: "double", input: 21, output: v.number() });
    expect(await clock.settled(answer)).toBe(42);
    expect(a.tasks.open).toEqual([]);
  });

  it("go to those with the least to do, and to all of them in turn", async () => {
    const { clock, join } = world();
    const a = join(1);
    const done = new Map<number, number>();
    for (const number of [2, 3, 4]) {
      join(number).tasks.handle("double", {}, (input) => {
        done.set(number, (done.get(number) ?? 0) + 1);
        return double(input);
      });
    }
    await clock.pass(200);
    await clock.settled(
      Promise.all(Array.from({ length: 30 }, (_, input) => a.tasks.delegate({ name: "double", input }))),
    );
    expect([...done.values()]).toEqual([10, 10, 10]);
  });

  it("go to whoever has what they require, or to the one that is named", async () => {
    const { clock, join } = world();
    const a = join(1);
    const [b, c] = [join(2), join(3, ["gpu"])];
    for (const { tasks, id } of [b, c]) tasks.handle("who", {}, () => id);
    await clock.pass(200);
    expect(await clock.settled(a.tasks.delegate({ name: "who", requires: ["gpu"] }))).toBe(c.id);
    expect(await clock.settled(a.tasks.delegate({ name: "who", to: b.id }))).toBe(b.id);
  });

  it("fail where nobody can do them, after a while in which somebody may come", async () => {
    const { clock, join } = world();
    const a = join(1);
    const lonely = a.tasks.delegate({ name: "double" });
    await expect(clock.settled(lonely)).rejects.toMatchObject({ code: "no-such-peer" });
    expect(clock.nowMs()).toBe(5_000);
    const patient = a.tasks.delegate({ name: "double", input: 4 });
    await clock.pass(3_000);
    join(2).tasks.handle("double", {}, double);
    expect(await clock.settled(patient)).toBe(8);
  });

  it("wait where all are busy, and are never more at once than a worker takes", async () => {
    const { clock, join } = world();
    const a = join(1);
    let [running, most] = [0, 0];
    join(2).tasks.handle("slow", { concurrency: 2 }, async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => clock.after(100, resolve));
      running--;
    });
    await clock.pass(200);
    await clock.settled(Promise.all(Array.from({ length: 20 }, () => a.tasks.delegate({ name: "slow" }))));
    expect(most).toBe(2);
    expect(a.tasks.counts.busy).toBeGreaterThan(0);
    // Ten rounds of 100 ms, and little waiting between them.
    expect(clock.nowMs()).toBeLessThan(200 + 10 * 110 + 500);
  });

  it("are handed over at once when their worker is lost, and its late result is dropped and counted", async () => {
    const { clock, network, join } = world();
    const [a, b, c] = [join(1), join(2), join(3)];
    b.tasks.handle("who", {}, () => new Promise((resolve) => clock.after(3_000, () => resolve("b"))));
    await clock.pass(200);
    const answer = a.tasks.delegate({ name: "who" });
    await clock.pass(10);
    c.tasks.handle("who", {}, () => "c");
    await clock.pass(200);
    const handedOver: unknown[] = [];
    a.tasks.on("handed-over", (event) => handedOver.push(event));
    const lostMs = clock.nowMs();
    network.cut(a.id, b.id);
    expect(await clock.settled(answer)).toBe("c");
    expect(clock.nowMs() - lostMs).toBeLessThan(10);
    expect(handedOver).toMatchObject([{ from: b.id, to: c.id, reason: { code: "link-lost" } }]);
  });

  it("are asked for again of a worker that comes back, and run once all the same", async () => {
    const { clock, network, join } = world();
    const [a, b] = [join(1), join(2)];
    let runs = 0;
    b.tasks.handle("once", {}, async () => {
      runs++;
      await new Promise<void>((resolve) => clock.after(2_000, resolve));
      return "done";
    });
    for (const backAfterMs of [500, 4_000]) {
      runs = 0;
      await clock.pass(200);
      const answer = a.tasks.delegate({ name: "once" });
      await clock.pass(10);
      network.cut(a.id, b.id);
      // Before its end, and after it.
      await clock.pass(backAfterMs);
      network.connect(a.id, b.id);
      expect(await clock.settled(answer)).toBe("done");
      expect(runs).toBe(1);
    }
  });

  it("fail with link-lost where the only worker doesn't come back, whose signal fires as well", async () => {
    const { clock, network, join } = world();
    const [a, b] = [join(1), join(2)];
    let signal: AbortSignal | undefined;
    b.tasks.handle("hang", {}, (_input, context) => {
      signal = context.signal;
      return never();
    });
    await clock.pass(200);
    const answer = a.tasks.delegate({ name: "hang", attempts: 1 });
    await clock.pass(10);
    network.cut(a.id, b.id);
    await expect(clock.settled(answer)).rejects.toMatchObject({ code: "link-lost" });
    await clock.pass(1_000);
    expect(signal?.reason).toEqual(code("aborted"));
  });

  it("aren't run under the same key by a worker that forgot them", async () => {
    const { clock, network, join } = world();
    const [a, b] = [join(1), join(2)];
    const keys: string[] = [];
    const hang = (_input: unknown, { key }: TaskContext) => {
      keys.push(key);
      return never();
    };
    b.tasks.handle("work", {}, hang);
    await clock.pass(200);
    const answer = a.tasks.delegate({ name: "work", attempts: 2 });
    await clock.pass(10);
    network.crash(b.id);
    const again = join(2);
    again.tasks.handle("work", {}, (_input, { key }) => {
      keys.push(key);
      return "at last";
    });
    expect(await clock.settled(answer)).toBe("at last");
    expect(new Set(keys).size).toBe(2);
  });

  it("go to another worker where one says nothing for too long, and stay where it tells of progress", async () => {
    const { clock, join } = world();
    const [a, b, c] = [join(1), join(2), join(3)];
    const aborted: unknown[] = [];
    b.tasks.handle("silent", {}, (_input, { signal }) => {
      signal.addEventListener("abort", () => aborted.push(signal.reason));
      return never();
    });
    b.tasks.handle("steady", {}, async (_input, { progress }) => {
      for (let step = 0; step < 10; step++) {
        progress(step);
        await new Promise<void>((resolve) => clock.after(500, resolve));
      }
      return "b";
    });
    await clock.pass(200);
    const options = { timeoutMs: 30_000, attemptMs: 1_000 };
    const silent = a.tasks.delegate({ name: "silent", ...options });
    const told: unknown[] = [];
    const steady = a.tasks.delegate({ name: "steady", ...options, onProgress: (value) => told.push(value) });
    await clock.pass(10);
    for (const name of ["silent", "steady"]) c.tasks.handle(name, {}, () => "c");
    expect(await clock.settled(silent)).toBe("c");
    expect(await clock.settled(steady)).toBe("b");
    expect(aborted).toEqual([code("aborted")]);
    expect(told).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("drop and count a result that crossed the hand-over", async () => {
    const { clock, network, join } = world();
    network.delayMs = () => 50;
    const [a, b, c] = [join(1), join(2), join(3)];
    b.tasks.handle("race", {}, () => new Promise((resolve) => clock.after(920, () => resolve("b"))));
    await clock.pass(500);
    const answer = a.tasks.delegate({ name: "race", attemptMs: 1_000 });
    await clock.pass(60);
    c.tasks.handle("race", {}, () => "c");
    expect(await clock.settled(answer)).toBe("c");
    expect(a.tasks.counts).toMatchObject({ late: 1, stray: 0, handedOver: 1 });
  });

  it("tell the worker's signal when they are aborted, and fail with aborted", async () => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    let signal: AbortSignal | undefined;
    b.tasks.handle("hang", {}, (_input, context) => {
      signal = context.signal;
      return never();
    });
    await clock.pass(200);
    const controller = new AbortController();
    const answer = a.tasks.delegate({ name: "hang", signal: controller.signal });
    await clock.pass(10);
    controller.abort(new Error("enough"));
    await expect(answer).rejects.toMatchObject({ code: "aborted", cause: new Error("enough") });
    await clock.pass(10);
    expect(signal?.aborted).toBe(true);
    await expect(a.tasks.delegate({ name: "hang", signal: controller.signal })).rejects.toMatchObject({
      code: "aborted",
    });
  });

  it("stream their results in order, no faster than they are taken", async () => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    b.tasks.handle("count", { input: v.number() }, async function* (to) {
      for (let step = 0; step < to; step++) yield step;
      return "end";
    });
    await clock.pass(200);
    const parts: unknown[] = [];
    const answer = a.tasks.delegate({
      name: "count",
      input: 50,
      onPart: async (value, { index }) => {
        await Promise.resolve();
        parts.push([index, value]);
      },
    });
    expect(await clock.settled(answer)).toBe("end");
    expect(parts).toEqual(Array.from({ length: 50 }, (_, index) => [index, index]));
  });

  it("begin anew where a part of their result was lost with the link", async () => {
    const { clock, network, join } = world();
    network.delayMs = () => 20;
    const [a, b] = [join(1), join(2)];
    b.tasks.handle("count", {}, async function* () {
      for (let step = 0; step < 5; step++) {
        yield step;
        await new Promise<void>((resolve) => clock.after(100, resolve));
      }
      return "end";
    });
    await clock.pass(500);
    const parts: [number, unknown][] = [];
    const answer = a.tasks.delegate({
      name: "count",
      onPart: (value, { attempt }) => void parts.push([attempt, value]),
    });
    await clock.pass(230);
    network.cut(a.id, b.id);
    await clock.pass(100);
    network.connect(a.id, b.id);
    expect(await clock.settled(answer)).toBe("end");
    const last = parts.at(-1)?.[0];
    expect(parts.filter(([attempt]) => attempt === last).map(([, value]) => value)).toEqual([0, 1, 2, 3, 4]);
  });

  it("fail as what takes the parts failed", async () => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    b.tasks.handle("count", {}, async function* () {
      for (;;) yield 1;
    });
    await clock.pass(200);
    const answer = a.tasks.delegate({
      name: "count",
      onPart: () => {
        throw new Error("full");
      },
    });
    await expect(clock.settled(answer)).rejects.toThrow("full");
    await clock.pass(100);
    expect(b.tasks.running).toBe(0);
  });

  const wrong: readonly (readonly [string, (input: never, context: TaskContext) => unknown, string])[] = [
    ["a SkeinError as it is", () => Promise.reject(new SkeinError("not-authorised", "Not you.")), "not-authorised"],
    ["anything else as handler-failed", () => Promise.reject(new Error("/home/me/secret.ts:12")), "handler-failed"],
    ["what its own schema forbids as handler-failed", () => "no number", "handler-failed"],
    ["what can't be sent as bad-body", () => ({ f: () => 1 }), "bad-body"],
  ];
  it.each(wrong)("give back %s, with no word of what happened inside", async (_what, run, expected) => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    const troubles: SkeinError[] = [];
    b.tasks.on("trouble", (error) => troubles.push(error));
    const output = expected === "bad-body" ? {} : { output: v.number() };
    b.tasks.handle(
      "fail",
      output as { output: typeof v.number extends () => infer S ? S & never : never },
      run as never,
    );
    await clock.pass(200);
    const error = await clock.settled(a.tasks.delegate({ name: "fail" }).catch((cause: SkeinError) => cause));
    expect(error).toMatchObject({ code: expected });
    expect(JSON.stringify([(error as SkeinError).message, (error as SkeinError).cause ?? ""])).not.toContain("secret");
    if (expected !== "bad-body") expect(troubles).toHaveLength(1);
  });

  it("fail with bad-body where the worker's schema refuses the input, and aren't tried again", async () => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    b.tasks.handle("double", { input: v.number() }, double);
    await clock.pass(200);
    await expect(clock.settled(a.tasks.delegate({ name: "double", input: "21" }))).rejects.toMatchObject({
      code: "bad-body",
    });
    await expect(a.tasks.delegate({ name: "double", input: () => 1 })).rejects.toMatchObject({ code: "bad-body" });
    expect(a.tasks.counts.handedOver).toBe(0);
  });

  it("go to another worker where one brings what was not ordered", async () => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    b.tasks.handle("number", {}, () => "a lie");
    await clock.pass(200);
    await expect(
      clock.settled(a.tasks.delegate({ name: "number", output: v.number(), attempts: 1 })),
    ).rejects.toMatchObject({ code: "bad-message" });
    join(3).tasks.handle("number", {}, () => 5);
    await clock.pass(200);
    expect(await clock.settled(a.tasks.delegate({ name: "number", output: v.number() }))).toBe(5);
  });

  it("end in time with a worker that never answers", async () => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    b.tasks.handle("hang", {}, never);
    await clock.pass(200);
    await expect(clock.settled(a.tasks.delegate({ name: "hang", timeoutMs: 7_000 }))).rejects.toMatchObject({
      code: "timeout",
    });
    expect(clock.nowMs()).toBe(7_200);
  });

  it("move on from a peer that says it can, and can't", async () => {
    const { clock, join } = world();
    const a = join(1);
    join(2, [taskCapability("double")]);
    join(3).tasks.handle("double", {}, double);
    await clock.pass(200);
    for (const input of [1, 2, 3])
      expect(await clock.settled(a.tasks.delegate({ name: "double", input }))).toBe(input * 2);
  });

  it("take no word for it from a peer that they weren't given to", async () => {
    const { clock, join } = world();
    const [a, b, liar] = [join(1), join(2), join(3)];
    let key = "";
    b.tasks.handle("work", {}, (_input, context) => {
      key = context.key;
      return new Promise((resolve) => clock.after(1_000, () => resolve("true")));
    });
    await clock.pass(200);
    const answer = a.tasks.delegate({ name: "work" });
    await clock.pass(10);
    const task = key.split("/")[1] ?? "";
    await liar.node.send(a.id, tasksProtocol.done, { task, output: "a lie" });
    await liar.node.send(a.id, tasksProtocol.progress, { task, attempt: 1, value: "a lie" });
    await liar.node.send(b.id, tasksProtocol.cancel, { task, attempt: 1 });
    expect(await clock.settled(answer)).toBe("true");
    expect(a.tasks.counts.stray).toBe(2);
  });

  it("give the outputs of many in order, so many at once, and call the rest off when one fails", async () => {
    const { clock, join } = world();
    const a = join(1);
    let [running, most] = [0, 0];
    for (const number of [2, 3]) {
      join(number).tasks.handle("double", { input: v.number() }, async (input, { signal }) => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => clock.after(100 - input * 3, resolve));
        running--;
        if (input === 13) throw new SkeinError("bad-argument", "Thirteen.");
        if (signal.aborted) throw signal.reason;
        return input * 2;
      });
    }
    await clock.pass(200);
    const outputs: unknown[] = [];
    const all = (async () => {
      for await (const output of a.tasks.map(
        Array.from({ length: 30 }, (_, index) => index),
        { name: "double", inFlight: 4 },
      )) {
        outputs.push(output);
      }
    })();
    await expect(clock.settled(all)).rejects.toMatchObject({ code: "bad-argument" });
    expect(outputs).toEqual(Array.from({ length: 13 }, (_, index) => index * 2));
    expect(most).toBeLessThanOrEqual(4);
    expect(a.tasks.open).toEqual([]);
  });

  it("can be read while they are under way", async () => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    b.tasks.handle("hang", { concurrency: 1 }, never);
    await clock.pass(200);
    for (let count = 0; count < 2; count++) a.tasks.delegate({ name: "hang" }).catch(() => {});
    await clock.pass(10);
    expect(a.tasks.open).toMatchObject([
      { phase: "running", worker: b.id, attempts: 1 },
      { phase: "waiting", worker: undefined, attempts: 0 },
    ]);
    expect(b.tasks.running).toBe(1);
    await clock.pass(200);
    expect(a.presence.get(b.id)?.load).toBe(1);
  });

  it("fail with too-large where the input, or the output, is more than a message takes", async () => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    const large = new Uint8Array(limits.messageBytes);
    b.tasks.handle("grow", {}, () => large);
    await clock.pass(200);
    for (const input of [large, "small"]) {
      const answer = clock.settled(a.tasks.delegate({ name: "grow", input }));
      await expect(answer).rejects.toMatchObject({ code: "too-large" });
    }
    expect([a.tasks.open, a.tasks.counts.handedOver, b.tasks.running]).toEqual([[], 0, 0]);
  });

  it("stay as they were given, whatever becomes of the options", async () => {
    const { clock, network, join } = world();
    const [a, b, c] = [join(1), join(2), join(3)];
    b.tasks.handle("double", {}, never);
    await clock.pass(200);
    const options = { name: "double", input: 21 };
    const answer = a.tasks.delegate(options);
    options.input = 4;
    await clock.pass(10);
    c.tasks.handle("double", {}, double);
    await clock.pass(200);
    network.cut(a.id, b.id);
    expect(await clock.settled(answer)).toBe(42);
  });

  it("refuse what makes no sense", async () => {
    const { join } = world();
    const { tasks } = join(1);
    const refused = [
      { name: "" },
      { name: "x", attempts: 0 },
      { name: "x", timeoutMs: Number.NaN },
      { name: "x".repeat(101) },
    ];
    for (const options of refused)
      await expect(tasks.delegate(options)).rejects.toMatchObject({ code: "bad-argument" });
    expect(() => tasks.handle("x", { concurrency: 0 }, () => 1)).toThrow(code("bad-argument"));
    tasks.handle("x", {}, () => 1);
    expect(() => tasks.handle("x", {}, () => 1)).toThrow(code("bad-argument"));
  });

  it("keep no process alive once they are over, though their outcomes are remembered", async () => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    b.tasks.handle("double", {}, double);
    await clock.pass(200);
    await clock.settled(a.tasks.delegate({ name: "double", input: 1 }));
    await clock.pass(200);
    expect(clock.armed).toBe(0);
  });

  it("fail with closed when they are closed, and leave no timer", async () => {
    const { clock, join } = world();
    const [a, b] = [join(1), join(2)];
    b.tasks.handle("hang", {}, never);
    await clock.pass(200);
    const answer = a.tasks.delegate({ name: "hang" });
    await clock.pass(10);
    await a.tasks.close();
    await expect(answer).rejects.toMatchObject({ code: "closed" });
    await expect(a.tasks.delegate({ name: "hang" })).rejects.toMatchObject({ code: "closed" });
    await b.tasks.close();
    for (const { presence } of [a, b]) await presence.close();
    await clock.pass(1_000);
    expect(clock.armed).toBe(0);
  });
});
