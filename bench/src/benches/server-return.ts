import { type Bench, median, p99 } from "../bench.ts";
import { Child } from "../child.ts";
import type { ReturningMethods } from "../load/returning.ts";
import { ensureOpenFiles } from "../open-files.ts";
import type { MeasuredServer } from "../servers/measured.ts";

type Quantity = "allMs" | "failed" | "wrong" | "forwardMs";

interface Crowd {
  /** What its rows' names end in. */
  readonly suffix: string;
  readonly members: Readonly<Record<"full" | "quick", number>>;
  readonly roomSize: number;
}

/** A crowd that comes back: the client's own backoff, the server's own limits. */
function returnBench({ suffix, members, roomSize }: Crowd): Bench<Quantity> {
  const what = `${members.full.toLocaleString("en")} members of rooms of ${roomSize} whose server is killed and started again at the same place`;
  const nothingOf = (name: string, about: string, quantity: "failed" | "wrong") =>
    ({
      name: `server-return${suffix}-${name}`,
      about: `${about}: ${what}.`,
      unit: "members",
      better: "lower",
      quantity,
      statistic: median,
      marks: [{ of: "ours", limit: 0 }],
    }) as const;
  return {
    name: `server-return${suffix}`,
    rounds: { full: 3, quick: 1 },
    warmUps: 0,
    timeoutMs: 180_000,
    rows: [
      {
        name: `server-return${suffix}-all`,
        about: `From the server's end until the last is in its room again: ${what}.`,
        unit: "ms",
        better: "lower",
        quantity: "allMs",
        statistic: median,
        marks: [{ of: "ours", limit: 15_000 }],
      },
      nothingOf("failed", "Joins that were refused, and members that were ended", "failed"),
      nothingOf(
        "wrong",
        "Members that don't see just the others of their room, or were told that one had gone",
        "wrong",
      ),
      {
        name: `server-return${suffix}-forward-p99`,
        about: `How long a forward takes between two that are back while others come: ${what}.`,
        unit: "ms",
        better: "lower",
        quantity: "forwardMs",
        statistic: p99,
        marks: [{ of: "ours", limit: 100 }],
      },
    ],
    async start(scale) {
      ensureOpenFiles(members[scale] + 200);
      const sample = () => lose(members[scale], roomSize);
      return { ours: { sample }, peers: {}, [Symbol.asyncDispose]: async () => {} };
    },
  };
}

/** A multiple of the sizes of rooms. */
const watchedMembers = 20;

async function lose(members: number, roomSize: number) {
  await using resources = new AsyncDisposableStack();
  const start = () => resources.use(new Child<MeasuredServer>(new URL("../servers/skein.ts", import.meta.url)));
  const gather = (priority: "normal" | "idle") =>
    resources.use(new Child<ReturningMethods>(new URL("../load/returning.ts", import.meta.url), [], priority));
  // Thousands of other machines: what they do to the server counts, and not that they take the processor from it.
  const crowd = gather("idle");
  // A few of them have a process of their own: how long a forward takes between two of a crowd says how busy the crowd's process is.
  const watched = gather("normal");
  const first = start();
  const url = await first.call("listen");
  await crowd.call("open", url, members - watchedMembers, roomSize, "crowd");
  await watched.call("open", url, watchedMembers, roomSize, "watched");
  await Promise.all([watched.call("lose", 100), crowd.call("lose", 2_000)]);
  await first[Symbol.asyncDispose]();
  await start().call("listen", Number(new URL(url).port));
  const returned = await Promise.all([crowd, watched].map((some) => some.call("returned")));
  const sum = (quantity: "failed" | "wrong") => returned.reduce((total, some) => total + some[quantity], 0);
  const forwardMs = await watched.call("silence");
  return {
    allMs: Math.max(...returned.map(({ allMs }) => allMs)),
    failed: sum("failed"),
    wrong: sum("wrong"),
    forwardMs,
  };
}

export const serverReturn = returnBench({ suffix: "", members: { full: 5_000, quick: 200 }, roomSize: 10 });
export const serverReturnFours = returnBench({ suffix: "-fours", members: { full: 2_000, quick: 200 }, roomSize: 4 });
