// A process of its own that hosts agents or a server, so that a test can kill it. Driven over Node's IPC.
import { createServer, type ServerOptions } from "@skein/server";
import { Agent } from "./agent.ts";
import type { HostCall, HostReply } from "./processes.ts";

const agents = new Map<number, Record<string, (...args: unknown[]) => unknown>>();

async function run({ target, method, args }: HostCall): Promise<unknown> {
  if (target === "server") return (await createServer(args[0] as ServerOptions)).url;
  const agent = agents.get(target) ?? (new Agent() as unknown as Record<string, (...args: unknown[]) => unknown>);
  agents.set(target, agent);
  return agent[method]?.(...args);
}

process.on("message", (call: HostCall) => {
  run(call).then(
    (value) => answer({ call: call.call, value }),
    (error: unknown) => answer({ call: call.call, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

function answer(reply: HostReply): void {
  process.send?.(reply);
}
