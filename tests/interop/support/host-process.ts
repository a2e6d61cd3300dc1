// A process of its own that hosts agents or servers, so that a test can kill it, or have it in a network of its own. Driven
// over Node's IPC.
import { createServer, type ServerOptions } from "@skein/server";
import type { AnyAgent } from "./browsers.ts";
import { type EngineName, Engines } from "./engines.ts";
import type { HostCall, HostReply } from "./processes.ts";

type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

const engines = new Engines();
const agents = new Map<number, Promise<AnyAgent>>();

async function run({ target, engine, method, args }: HostCall): Promise<unknown> {
  if (target === "server") return (await createServer(args[0] as ServerOptions)).url;
  if (target === "all") return endAll();
  const agent = (await agentOf(target, engine)) as unknown as Methods;
  return agent[method]?.(...args);
}

function agentOf(number: number, engine: EngineName): Promise<AnyAgent> {
  const agent = agents.get(number) ?? engines.agent(engine);
  agents.set(number, agent);
  return agent;
}

async function endAll(): Promise<void> {
  agents.clear();
  await engines.endAgents();
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
