import { PassThrough, Readable } from "node:stream";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { deferred } from "../process/deferred.js";
import { type OutputEvent, operationId } from "./envelope.js";
import { readOperations } from "./read-operations.js";

const schema = v.variant("op", [
  v.object({ op: v.literal("echo"), id: operationId, text: v.string() }),
  v.object({ op: v.literal("fail"), id: operationId }),
]);
const never = new AbortController().signal;

function collect(): { events: OutputEvent[]; output: { write(event: OutputEvent): void } } {
  const events: OutputEvent[] = [];
  return { events, output: { write: (event) => events.push(event) } };
}

const perform = async (operation: v.InferOutput<typeof schema>): Promise<OutputEvent> => {
  if (operation.op === "fail") throw new Error("it failed");
  return { event: "echo", ...(operation.id === undefined ? {} : { id: operation.id }), text: operation.text };
};

describe("readOperations", () => {
  it("answers each line, wrong ones too, and ends with the stream", async () => {
    const { events, output } = collect();
    const input = Readable.from([
      Buffer.from('{"op":"echo","id":1,"text":"a"}\nrub'),
      Buffer.from('bish\n{"op":"fail","id":2}\n{"op":"echo","text":"last"}'),
    ]);
    await readOperations({ input, output, schema, perform, signal: never });
    await new Promise(setImmediate);
    expect(events).toContainEqual({ event: "echo", id: 1, text: "a" });
    expect(events).toContainEqual({ event: "error", id: 2, code: "bad-argument", message: "it failed" });
    expect(events).toContainEqual({ event: "echo", text: "last" });
    expect(events.filter(({ event }) => event === "error")).toHaveLength(2);
  });

  it("ends when it is told to, though the stream goes on", async () => {
    const controller = new AbortController();
    const { output } = collect();
    const input = new PassThrough();
    const done = readOperations({ input, output, schema, perform, signal: controller.signal });
    controller.abort();
    await done;
    expect(input.destroyed).toBe(true);
  });

  it("answers what is under way at the stream's end first, where it is to finish", async () => {
    const { events, output } = collect();
    const slow = deferred<OutputEvent>();
    let ended = false;
    const done = readOperations({
      input: Readable.from([Buffer.from('{"op":"echo","id":1,"text":"a"}\n')]),
      output,
      schema,
      perform: () => slow.promise,
      finishes: true,
      signal: never,
    }).then(() => {
      ended = true;
    });
    await new Promise(setImmediate);
    expect(ended).toBe(false);
    slow.resolve({ event: "echo", id: 1, text: "a" });
    await done;
    expect(events).toEqual([{ event: "echo", id: 1, text: "a" }]);
  });

  it("finishes nothing once it is told to end", async () => {
    const controller = new AbortController();
    const done = readOperations({
      input: Readable.from([Buffer.from('{"op":"echo","text":"a"}\n')]),
      output: collect().output,
      schema,
      perform: () => new Promise(() => {}),
      finishes: true,
      signal: controller.signal,
    });
    await new Promise(setImmediate);
    controller.abort();
    await done;
  });

  it("reads no further while many of the operations that send are waiting", async () => {
    const { output } = collect();
    const finish: (() => void)[] = [];
    let performed = 0;
    const input = Readable.from([Buffer.from('{"op":"echo","text":"a"}\n'.repeat(300))]);
    const waiting = (): Promise<undefined> => {
      performed++;
      return new Promise((resolve) => finish.push(() => resolve(undefined)));
    };
    const done = readOperations({ input, output, schema, perform: waiting, isSending: () => true, signal: never });
    await new Promise(setImmediate);
    expect(performed).toBe(256);
    while (performed < 300 || finish.length > 0) {
      finish.shift()?.();
      await new Promise(setImmediate);
    }
    await done;
  });
});
