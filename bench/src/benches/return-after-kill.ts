import { createIdentity, saveIdentity } from "@skein/client";
import { type Bench, median, p90 } from "../bench.ts";
import { Child } from "../child.ts";
import { type Quantity, startMeetingPlaces } from "../open/meet.ts";
import type { SideMethods } from "../open/side.ts";

const row = { unit: "ms", better: "lower", quantity: "openMs", marks: [{ of: "ours", limit: 2_000 }] } as const;
const what =
  "An agent is killed (kill -9), and one of the same identity started: from its joinRoom() to the first message of whoever stayed";

/** The place of the dead one is still kept when the living one comes. */
export const returnAfterKill: Bench<Quantity> = {
  name: "return-after-kill",
  rounds: { full: 30, quick: 5 },
  warmUps: 1,
  timeoutMs: 30_000,
  rows: [
    { ...row, name: "return-after-kill", about: `${what}.`, statistic: median },
    { ...row, name: "return-after-kill-p90", about: `${what}: nine of ten are faster.`, statistic: p90 },
  ],
  async start() {
    const resources = new AsyncDisposableStack();
    try {
      const { skein: url } = await startMeetingPlaces(resources);
      const stays = resources.use(startSide());
      let rooms = 0;
      const sample = async () => {
        const meeting = {
          way: "skein",
          url,
          room: `room-${++rooms}`,
          identity: saveIdentity(createIdentity()),
        } as const;
        await stays.call("wait", { ...meeting, identity: undefined });
        await using first = startSide();
        await first.call("enter", meeting);
        await first[Symbol.asyncDispose]();
        await using second = startSide();
        const times = await second.call("enter", meeting);
        await Promise.all([stays.call("leave"), second.call("leave")]);
        return { ...times };
      };
      return { ours: { sample }, peers: {}, [Symbol.asyncDispose]: () => resources.disposeAsync() };
    } catch (error) {
      await resources.disposeAsync();
      throw error;
    }
  },
};

function startSide(): Child<SideMethods> {
  return new Child<SideMethods>(new URL("../open/node-side.ts", import.meta.url));
}
