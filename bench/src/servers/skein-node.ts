// One node of our server, in a process of its own.
import { setFlagsFromString } from "node:v8";
import { type Backplane, type BackplaneStats, createServer, type SkeinServer } from "@skein/server";
import { connectNats } from "@skein/server/nats";
import { connectRedis } from "@skein/server/redis";
import { answerCalls } from "../child.ts";
import { measures } from "./measured.ts";

/** What a node can be asked for. */
export interface NodeMethods extends Record<string, (...args: never[]) => unknown> {
  /** Starts it; gives its address. Without a backplane it is a server alone. */
  listen(backplane: string | undefined, peersPerRoom?: number): Promise<string>;
  cpuMicros(): number;
  backplane(): BackplaneStats | undefined;
}

// As the command does: packages/cli/src/process/small-heap.ts says why.
setFlagsFromString("--semi-space-growth-factor=1");

let server: SkeinServer | undefined;

function connect(url: string): Promise<Backplane> {
  return url.startsWith("redis:") ? connectRedis({ url }) : connectNats({ url });
}

answerCalls({
  cpuMicros: measures.cpuMicros,
  async listen(url, peersPerRoom) {
    const backplane = url === undefined ? undefined : { backplane: await connect(url) };
    const limits = peersPerRoom === undefined ? undefined : { peersPerRoom };
    server = await createServer({ port: 0, backplane, limits });
    return server.url;
  },
  backplane: () => server?.stats().backplane,
} satisfies NodeMethods);
