import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** Where a person reads and types. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

/**
 * Asks a person at the terminal; anything but a yes is a no, also the end of what they type.
 * @throws what the signal was aborted with
 */
export async function askYesNo(
  question: string,
  signal: AbortSignal,
  { input, output }: Terminal = { input: process.stdin, output: process.stdout },
): Promise<boolean> {
  signal.throwIfAborted();
  // Not as a terminal of its own: Ctrl-C reaches the process, and stops it as everywhere else.
  const lines = createInterface({ input, terminal: false });
  output.write(question);
  try {
    const answer = once(lines, "line", { signal }).then(([line]) => String(line));
    const [text] = await Promise.race([
      answer.then((line) => [line]),
      once(lines, "close", { signal }).then(() => [""]),
    ]);
    return /^\s*y(es)?\s*$/i.test(text ?? "");
  } catch (error) {
    output.write("\n");
    signal.throwIfAborted();
    throw error;
  } finally {
    lines.close();
    input.pause();
  }
}
