import { Child } from "../child.ts";
import type { MeasuredServer } from "../servers/measured.ts";
import type { TogetherMethods } from "./agent.ts";

/** Agents in one room, each in a process of its own and linked to all the others. */
export interface Group {
  readonly resources: AsyncDisposableStack;
  readonly agents: readonly { readonly id: string; readonly call: Child<TogetherMethods>["call"] }[];
}

export async function gather(count: number): Promise<Group> {
  const resources = new AsyncDisposableStack();
  try {
    const server = resources.use(new Child<MeasuredServer>(new URL("../servers/skein.ts", import.meta.url)));
    const url = await server.call("listen");
    const agents: Group["agents"][number][] = [];
    for (let number = 0; number < count; number++) {
      const child = resources.use(new Child<TogetherMethods>(new URL("./agent.ts", import.meta.url)));
      agents.push({ id: await child.call("join", url), call: child.call.bind(child) as typeof child.call });
    }
    await Promise.all(agents.map(({ call }) => call("met", count - 1)));
    return { resources, agents };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}
