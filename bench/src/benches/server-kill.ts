import { type Bench, type Mark, median } from "../bench.ts";
import { Child } from "../child.ts";
import type { Channels, Kept, LinkedRoomsMethods } from "../load/linked-rooms.ts";
import { ensureOpenFiles } from "../open-files.ts";
import type { SkeinServerMethods } from "../servers/skein.ts";

type Quantity = keyof Kept | "missing";

/** How many processes hold the rooms. */
const hosts = 2;
const roomSize = 4;
/** After so long a server gives up the places of those who aren't back. */
const graceMs = 10_000;

interface Scene {
  readonly name: string;
  readonly channels: Channels;
  readonly rooms: { readonly full: number; readonly quick: number };
  readonly what: string;
}

const none: readonly Mark[] = [{ of: "ours", limit: 0 }];

/** Links don't hang on their server: nobody notices its death but by the server's own silence. */
function serverKill({ name, channels, rooms, what }: Scene): Bench<Quantity> {
  const scene = `${rooms.full} rooms of four who are linked over ${what}, whose server is killed (kill -9) and started again at the same place`;
  const row = (of: string, about: string, unit: string, quantity: Quantity, marks: readonly Mark[]) => {
    const shown = { name: `${name}-${of}`, about: `${about}: ${scene}.`, unit, quantity, marks };
    return { ...shown, better: "lower", statistic: median } as const;
  };
  return {
    name,
    rounds: { full: 1, quick: 1 },
    warmUps: 0,
    timeoutMs: 900_000,
    rows: [
      row("back", "From the server's end until the last is in its room again", "ms", "backMs", [
        { of: "ours", limit: graceMs },
      ]),
      row(
        "notices",
        "How often anyone was told that a peer or a link had gone, come or changed",
        "times",
        "notices",
        none,
      ),
      row(
        "wrong",
        "Members that don't have just the three others, linked, after the grace period",
        "members",
        "wrong",
        none,
      ),
      row("missing", "Places that the new server doesn't have after the grace period", "members", "missing", none),
      row("dead", "Links over which a message doesn't come afterwards", "messages", "dead", none),
    ],
    async start(scale) {
      ensureOpenFiles(rooms[scale] * roomSize * 2 + 200);
      const sample = () => lose(rooms[scale], channels);
      return { ours: { sample }, peers: {}, [Symbol.asyncDispose]: async () => {} };
    },
  };
}

const scenes: readonly Scene[] = [
  {
    name: "server-kill",
    // Two thousand members with six thousand ends of real connections take both cores before anything happens.
    channels: "in process",
    rooms: { full: 500, quick: 20 },
    what: "channels that stay within their process",
  },
  {
    name: "server-kill-channels",
    channels: "native",
    rooms: { full: 120, quick: 10 },
    what: "data channels of node-datachannel",
  },
];

export const serverKills: readonly Bench[] = scenes.map(serverKill);

async function lose(count: number, channels: Channels) {
  await using resources = new AsyncDisposableStack();
  const start = () => resources.use(new Child<SkeinServerMethods>(new URL("../servers/skein.ts", import.meta.url)));
  const first = start();
  const url = await first.call("listen");
  const crowds = Array.from({ length: hosts }, () =>
    resources.use(new Child<LinkedRoomsMethods>(new URL("../load/linked-rooms.ts", import.meta.url))),
  );
  await Promise.all(crowds.map((crowd, index) => crowd.call("open", url, count / hosts, `crowd-${index}`, channels)));
  await Promise.all(crowds.map((crowd) => crowd.call("lose")));
  await first[Symbol.asyncDispose]();
  const second = start();
  await second.call("listen", Number(new URL(url).port));
  const kept = await Promise.all(crowds.map((crowd) => crowd.call("kept")));
  const sum = (quantity: keyof Kept) => kept.reduce((total, one) => total + one[quantity], 0);
  const missing = count * roomSize - (await second.call("places"));
  const backMs = Math.max(...kept.map((one) => one.backMs));
  return { backMs, notices: sum("notices"), wrong: sum("wrong"), dead: sum("dead"), missing };
}
