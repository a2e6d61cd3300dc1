import type { Arena, Contestant } from "../bench.ts";
import type { Callable } from "../callable.ts";
import { Child } from "../child.ts";
import { Pages } from "../pages.ts";
import type { MeasuredServer } from "../servers/measured.ts";
import type { RelayServer } from "../servers/relay.ts";
import type { Cargo } from "./cargo.ts";
import type { EndMethods } from "./end.ts";
import type { Way } from "./line.ts";
import { openPair, type Pair } from "./pair.ts";

/** Where both ends of each line are: in Node processes, or in pages of one Chromium. */
export type Home = "node" | "chromium";

/** What a contestant's line is. */
export interface Entry {
  readonly way: Way;
  readonly cargo: Cargo;
}

/** What takes part: ours, and others by the names that the table has. */
export interface Field {
  readonly ours: Entry;
  readonly peers: Readonly<Record<string, Entry>>;
}

/**
 * How often a line is tried, with new ends each time. On a busy machine node-datachannel refuses a candidate now and then
 * ("without ICE transport"): a raw channel doesn't open then, and simple-peer fails.
 */
const attempts = 3;

/** Opens a line for each that takes part, each between two processes or pages of its own. */
export async function startTraffic<Quantity extends string>(
  home: Home,
  { ours, peers }: Field,
  contest: (pair: Pair) => Contestant<Quantity>,
): Promise<Arena<Quantity>> {
  const resources = new AsyncDisposableStack();
  try {
    const urlOf = startServers(resources);
    const startEnd = await endsIn(home, resources);
    let rooms = 0;
    const enter = async ({ way, cargo }: Entry, attempt = 1): Promise<Contestant<Quantity>> => {
      const ends = [await startEnd(), await startEnd()] as const;
      try {
        return contest(await openPair({ way, cargo, url: await urlOf(way), room: `room-${++rooms}` }, ends));
      } catch (error) {
        if (attempt === attempts) throw error;
        return enter({ way, cargo }, attempt + 1);
      }
    };
    const own = await enter(ours);
    const others: Record<string, Contestant<Quantity>> = {};
    for (const [name, entry] of Object.entries(peers)) others[name] = await enter(entry);
    return { ours: own, peers: others, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}

/** Gives the address of the server that a way needs, which has a process of its own and is started when it is asked for. */
function startServers(resources: AsyncDisposableStack): (way: Way) => Promise<string> {
  const urls = new Map<string, Promise<string>>();
  return (way) => {
    const script = serverOf[way];
    const started = urls.get(script);
    if (started !== undefined) return started;
    const server = resources.use(new Child<MeasuredServer | RelayServer>(new URL(script, import.meta.url)));
    const url = server.call("listen");
    urls.set(script, url);
    return url;
  };
}

const serverOf: Readonly<Record<Way, string>> = {
  skein: "../servers/skein.ts",
  "skein-relay": "../servers/skein-relay.ts",
  raw: "../servers/relay.ts",
  "raw-json": "../servers/relay.ts",
  "simple-peer": "../servers/relay.ts",
  peerjs: "../servers/peerjs.ts",
};

async function endsIn(home: Home, resources: AsyncDisposableStack): Promise<() => Promise<Callable<EndMethods>>> {
  if (home === "node") {
    return async () => resources.use(new Child<EndMethods>(new URL("./node-end.ts", import.meta.url)));
  }
  const pages = resources.use(await Pages.start<EndMethods>(new URL("./page-end.ts", import.meta.url)));
  return () => pages.open();
}
