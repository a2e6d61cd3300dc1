import { mustBe, Skipped, section } from "../kit/check.js";
import { holdCapability } from "./conformance-protocol.js";
import { defaultLane, type LinkEnd } from "./link-end.js";
import type { PeerWorld } from "./peer-world.js";

const chunkBytes = 60_000;
/** Larger windows cost too much to fill. */
const mostWindowBytes = 6 * 1024 * 1024;

function bytesOfLane(end: LinkEnd, lane: number): number {
  return end.data.filter((record) => record.lane === lane).reduce((sum, { payload }) => sum + payload.length, 0);
}

/** Sends messages that are held, of so many bytes in all or a little less. */
async function fill(end: LinkEnd, bytes: number): Promise<void> {
  const body = new Uint8Array(chunkBytes);
  for (let sent = 0; sent + chunkBytes + 10 <= bytes; sent += chunkBytes + 10) {
    end.message("hold", body);
    // What the server would have to hold is bounded.
    if (sent % (5 * (chunkBytes + 10)) === 0) await end.ping();
  }
}

async function holdable(world: PeerWorld) {
  world.mustBeAble(holdCapability);
  const linked = await world.link();
  const windowBytes = linked.hello.credit[defaultLane] as number;
  if (windowBytes > mostWindowBytes) throw new Skipped(`the peer's window of ${windowBytes} bytes is too much to fill`);
  return { ...linked, windowBytes };
}

export const windowChecks = section<PeerWorld>("links.md: Windows", {
  "(should) each lane has a window of 1 MiB or more": async (world) => {
    const { hello } = await world.link();
    mustBe(
      hello.credit.every((bytes) => bytes >= 2 ** 20),
      "1 MiB or more",
      `${hello.credit}`,
    );
  },
  "the peer sends no more of a lane than it was granted, and goes on when it is": async (world) => {
    const grants = [2 ** 40, 5_000, 2 ** 40];
    const { end } = await world.link({}, (link) => {
      link.credit = grants;
    });
    end.message("echo", "y".repeat(40_000));
    // In lanes of their own: these aren't held up.
    await end.hearResponse(end.request("ask", 1, 0), 1);
    await end.ping();
    const sent = bytesOfLane(end, defaultLane);
    mustBe(sent <= 5_000, "5000 bytes at most", `${sent}`);
    end.credit = [2 ** 40, 20_000, 2 ** 40];
    end.acknowledge();
    await end.hearResponse(end.request("ask", 2, 0), 2);
    await end.ping();
    mustBe(bytesOfLane(end, defaultLane) <= 20_000, "20000 bytes at most", `${bytesOfLane(end, defaultLane)}`);
    end.credit = [2 ** 40, 2 ** 40, 2 ** 40];
    end.acknowledge();
    await end.hearMessage("echoed", "y".repeat(40_000));
  },
  "a credit that is lower than one before is ignored": async (world) => {
    const { end } = await world.link();
    end.credit = [0, 0, 0];
    end.acknowledge();
    await end.settle("granted before");
  },
  "the peer's own credit never falls": async (world) => {
    const { end } = await world.link();
    for (let i = 0; i < 10; i++) await end.settle("z".repeat(10_000));
    const falls = end.allTold.some(({ credit }, i) =>
      credit.some((bytes, lane) => bytes < (end.allTold[i - 1]?.credit[lane] ?? 0)),
    );
    mustBe(!falls, "credit that grows", "one that fell");
  },
  "credit grows as messages are dealt with": async (world) => {
    const { end, hello } = await world.link();
    const windowBytes = hello.credit[defaultLane] as number;
    if (windowBytes > mostWindowBytes)
      throw new Skipped(`the peer's window of ${windowBytes} bytes is too much to fill`);
    const body = new Uint8Array(chunkBytes);
    for (let sent = 0; sent < windowBytes / 4 + chunkBytes; sent += chunkBytes) {
      end.message("release", body);
      await end.ping();
    }
    await end.records.take("more credit", () => (end.told.credit[defaultLane] as number) > windowBytes);
  },
  "a slow handler makes the sender wait, and goes on": async (world) => {
    const { end, windowBytes } = await holdable(world);
    await fill(end, windowBytes);
    await end.acknowledged();
    const { credit } = end.told;
    // What was in the making didn't count, and what was granted isn't taken back.
    const most = windowBytes + 2 * chunkBytes;
    mustBe((credit[defaultLane] as number) <= most, `${most} bytes at most`, `${credit[defaultLane]}`);
    end.message("release", 0, 0);
    await end.records.take(
      "more credit",
      () => (end.told.credit[defaultLane] as number) > windowBytes + 2 * chunkBytes,
    );
  },
  "more than was granted is a violation": async (world) => {
    const { end, windowBytes } = await holdable(world);
    await fill(end, windowBytes);
    for (let i = 0; i < 3; i++) end.message("hold", new Uint8Array(chunkBytes));
    await end.hearRefusal();
  },
});
