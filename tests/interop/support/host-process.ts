// A process of its own that hosts agents or servers, so that a test can kill it, or have it in a network of its own. Driven
// over Node's IPC.
import { createServer, type ServerOptions } from "@skein/server";
import { connectNats } from "@skein/server/nats";
import { connectRedis } from "@skein/server/redis";
import { Agent } from "./agent.ts";
import type { BrowserName } from "./browsers.ts";
import type { EngineName, Engines } from "./engines.ts";
import type { HostCall, HostReply } from "./processes.ts";

type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

const agents = new Map<number, Promise<Methods>>();
let engines: Promise<Engines> | undefined;

async function run({ target, engine, method, args }: HostCall): Promise<unknown> {
  if (target === "server") return serve(args[0] as ServerOptions, args[1] as string | undefined);
  if (target === "all") return method === "close" ? close() : endAll();
  const agent = await agentOf(target, engine);
  return agent[method]?.(...args);
}

/** @param backplane the address of what joins it with other servers. It is made here: no other process can hand it over. */
async function serve(options: ServerOptions, backplane: string | undefined): Promise<string> {
  if (backplane === undefined) return (await createServer(options)).url;
  const connect = { url: backplane };
  const end = backplane.startsWith("redis:") ? await connectRedis(connect) : await connectNats(connect);
  return (await createServer({ ...options, backplane: { backplane: end } })).url;
}

function agentOf(number: number, engine: EngineName): Promise<Methods> {
  const agent = agents.get(number) ?? createAgent(engine);
  agents.set(number, agent);
  return agent;
}

async function createAgent(engine: EngineName): Promise<Methods> {
  return (engine === "node" ? new Agent() : await pageAgent(engine)) as unknown as Methods;
}

async function pageAgent(engine: BrowserName) {
  // What drives browsers is large: a host without any starts sooner.
  engines ??= import("./engines.ts").then(({ Engines }) => new Engines(process.argv.slice(2)));
  return (await engines).pageAgent(engine);
}

async function endAll(): Promise<void> {
  const ended = [...agents.values()];
  agents.clear();
  await Promise.allSettled(ended.map(async (agent) => (await agent).leave?.()));
  await (await engines)?.endAgents();
}

/** Browsers don't end with the process that started them. */
async function close(): Promise<void> {
  await endAll();
  await (await engines)?.[Symbol.asyncDispose]();
}

process.on("message", (call: HostCall) => {
  run(call).then(
    (value) => answer({ call: call.call, value }),
    (error: unknown) => answer({ call: call.call, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => void close().finally(() => process.exit(0)));

function answer(reply: HostReply): void {
  process.send?.(reply);
}
