import { type Bench, type Mark, median } from "../bench.ts";
import { Child } from "../child.ts";
import type { Kept, LinkedRoomsMethods } from "../load/linked-rooms.ts";
import { ensureOpenFiles } from "../open-files.ts";
import type { SkeinServerMethods } from "../servers/skein.ts";

type Quantity = keyof Kept | "missing";

/** How many rooms, and how many processes hold them. */
const rooms = { full: 500, quick: 20 } as const;
const hosts = { full: 2, quick: 2 } as const;
const roomSize = 4;

const what =
  `${rooms.full} rooms of four who are linked over data channels, whose server is killed (kill -9) and started again at ` +
  "the same place";

function row(name: string, about: string, unit: string, quantity: Quantity, marks: readonly Mark[]) {
  return {
    name: `server-kill-${name}`,
    about: `${about}: ${what}.`,
    unit,
    better: "lower",
    quantity,
    statistic: median,
    marks,
  } as const;
}

const none: readonly Mark[] = [{ of: "ours", limit: 0 }];

/** Links don't hang on their server: nobody notices its death but by the server's own silence. */
export const serverKill: Bench<Quantity> = {
  name: "server-kill",
  rounds: { full: 1, quick: 1 },
  warmUps: 0,
  timeoutMs: 900_000,
  rows: [
    row("back", "From the server's end until the last is in its room again", "ms", "backMs", [
      { of: "ours", limit: 10_000 },
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
    const sample = () => lose(rooms[scale], hosts[scale]);
    return { ours: { sample }, peers: {}, [Symbol.asyncDispose]: async () => {} };
  },
};

async function lose(count: number, processes: number) {
  await using resources = new AsyncDisposableStack();
  const start = () => resources.use(new Child<SkeinServerMethods>(new URL("../servers/skein.ts", import.meta.url)));
  const first = start();
  const url = await first.call("listen");
  const crowds = Array.from({ length: processes }, () =>
    resources.use(new Child<LinkedRoomsMethods>(new URL("../load/linked-rooms.ts", import.meta.url))),
  );
  await Promise.all(crowds.map((crowd, index) => crowd.call("open", url, count / processes, `crowd-${index}`)));
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
