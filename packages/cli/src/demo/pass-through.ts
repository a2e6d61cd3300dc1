import { announceAgent, crewEvents, runAgentOperations } from "../agent/json-agent.js";
import { createEventWriter } from "../stdio/event-writer.js";
import type { DemoParts } from "./parts.js";

/** The demo for programs: one line when all is ready, then lines in and out as of an agent that holds nothing, until stdin ends. */
export async function runPassThrough({ fleet, member, happenings, signal }: DemoParts): Promise<void> {
  const over = new AbortController();
  const output = createEventWriter(process.stdout, () => over.abort());
  const { agents, url, page, folder } = fleet;
  const { room, crew } = member;
  output.write({
    event: "ready",
    server: url,
    ...(page === undefined ? {} : { page }),
    folder,
    serverPid: fleet.server?.pid,
    agents: agents.map(({ id, name, files, bytes, child }) => ({ id, name, files, bytes, pid: child.pid })),
  });
  happenings.listen({
    ...crewEvents(room, output),
    died: (name, how) => output.write({ event: "process-ended", name, how }),
  });
  announceAgent(room, { shares: [], output });
  await runAgentOperations({ room, crew, output, signal: AbortSignal.any([signal, over.signal]) });
}
