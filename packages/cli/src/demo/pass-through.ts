import { aborted } from "../process/stop.js";
import { createEventWriter } from "../stdio/event-writer.js";
import type { DemoParts } from "./parts.js";

/** The demo for programs: one line when all is ready, then the first agent's own lines, in and out, until stdin ends. */
export async function runPassThrough({ fleet, signal, onDeath }: DemoParts): Promise<void> {
  const over = new AbortController();
  const output = createEventWriter(process.stdout, () => over.abort());
  const { speaker, agents, url, page, folder } = fleet;
  output.write({
    event: "ready",
    server: url,
    ...(page === undefined ? {} : { page }),
    folder,
    serverPid: fleet.server?.pid,
    agents: agents.map(({ id, name, files, bytes, child }) => ({ id, name, files, bytes, pid: child.pid })),
  });
  speaker.child.listen((event) => output.write(event));
  onDeath((name, how) => {
    output.write({ event: "process-ended", name, how });
    if (name === speaker.name) over.abort();
  });
  process.stdin.on("data", (bytes: Buffer) => speaker.child.write(bytes));
  process.stdin.once("end", () => over.abort());
  process.stdin.once("error", () => over.abort());
  await aborted(AbortSignal.any([signal, over.signal]));
  process.stdin.destroy();
}
