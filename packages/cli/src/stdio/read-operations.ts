import type { Readable } from "node:stream";
import type * as v from "valibot";
import { aborted } from "../process/stop.js";
import { failure, type OutputEvent, parseOperation } from "./envelope.js";
import type { EventWriter } from "./event-writer.js";
import { LineSplitter } from "./line-splitter.js";

/** An operation under way: nothing, or a promise of its answer. */
export type Performed = OutputEvent | undefined | Promise<OutputEvent | undefined>;

/** How many operations that send may wait before no further line is read. */
const waitingMost = 256;

/**
 * Reads operations from a stream, a line each, performs them in order, and writes their answers as they come. A line that
 * is none of them is answered with an error. Resolves at the stream's end, or when the signal fires.
 *
 * `isSending` names the operations whose answer means that the network took something: while many of them wait, reading
 * does too, so that a writer who is faster than the network is held up by its own pipe. With `finishes`, what is under way
 * at the stream's end is answered first.
 */
export async function readOperations<Schema extends v.GenericSchema>(options: {
  readonly input: Readable;
  readonly output: EventWriter;
  readonly schema: Schema;
  readonly perform: (operation: v.InferOutput<Schema>) => Performed;
  readonly isSending?: (operation: v.InferOutput<Schema>) => boolean;
  readonly finishes?: boolean;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { input, output, schema, perform, isSending = () => false, finishes = false, signal } = options;
  const splitter = new LineSplitter();
  const underWay = new Set<Promise<void>>();
  const waiting = new Set<Promise<void>>();

  const take = async (lines: ReturnType<LineSplitter["push"]>): Promise<void> => {
    for (const line of lines) {
      if (signal.aborted) return;
      const parsed = parseOperation(line, schema);
      if (!parsed.ok) {
        output.write(parsed.error);
        continue;
      }
      const done = answer(output, parsed.operation, perform);
      underWay.add(done);
      void done.finally(() => underWay.delete(done));
      if (!isSending(parsed.operation)) continue;
      waiting.add(done);
      void done.finally(() => waiting.delete(done));
      while (waiting.size >= waitingMost) await Promise.race(waiting);
    }
  };

  const stop = (): void => {
    input.destroy();
  };
  if (signal.aborted) return;
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const bytes of input) await take(splitter.push(bytes as Uint8Array));
    await take(splitter.end());
    if (finishes) await Promise.race([Promise.all(underWay), aborted(signal)]);
  } catch {
    // The stream was destroyed, or broke: its end either way.
  } finally {
    signal.removeEventListener("abort", stop);
    input.destroy();
  }
}

async function answer<Operation>(
  output: EventWriter,
  operation: Operation,
  perform: (operation: Operation) => Performed,
): Promise<void> {
  const id = (operation as { id?: string | number }).id;
  try {
    const event = await perform(operation);
    if (event !== undefined) output.write(event);
  } catch (error) {
    output.write(failure(id, error));
  }
}
