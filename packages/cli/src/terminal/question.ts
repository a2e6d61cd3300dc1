import { once } from "node:events";
import { createInterface } from "node:readline";

/**
 * Asks a person at the terminal; anything but a yes is a no, also the end of what they type.
 * @throws what the signal was aborted with
 */
export async function askYesNo(question: string, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  // Not as a terminal of its own: Ctrl-C reaches the process, and stops it as everywhere else.
  const lines = createInterface({ input: process.stdin, terminal: false });
  process.stdout.write(question);
  try {
    const answer = once(lines, "line", { signal }).then(([line]) => String(line));
    const [text] = await Promise.race([
      answer.then((line) => [line]),
      once(lines, "close", { signal }).then(() => [""]),
    ]);
    return /^\s*y(es)?\s*$/i.test(text ?? "");
  } catch (error) {
    process.stdout.write("\n");
    signal.throwIfAborted();
    throw error;
  } finally {
    lines.close();
    process.stdin.pause();
  }
}
