import { limits } from "@skein/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Guest, HostileWorld, heldBytes, stillTalk, talk, until } from "./hostile-world.test-support.js";
import { type PeerRole, peerRoles } from "./peer-roles.js";

const mebibyte = 1024 * 1024;

let world: HostileWorld;
let victim: Guest;
let bystander: Guest;
/** What the app itself was made to do. */
let runs: number;
const kept: unknown[] = [];

beforeEach(async () => {
  world = new HostileWorld();
  victim = await world.join();
  bystander = await world.join();
  await until(() => [victim, bystander].every(({ events }) => events["peer-connected"] === 1));
  runs = 0;
  const page = "x".repeat(mebibyte / 4);
  victim.room.handle(talk.ask, () => {
    runs++;
    return page;
  });
  // It takes long, and keeps what it was given.
  victim.room.handle(talk.say, (body) => {
    runs++;
    return new Promise<void>((done) => kept.push(body, done));
  });
});

afterEach(async () => {
  kept.length = 0;
  await world.leave();
});

/** What a role may make the process hold: more where it stays within the rules, and asks for what is its due. */
const heldMost: Readonly<Record<string, number>> = {
  // Records that aren't acknowledged, answers that wait, a queue.
  "asks for much, grants all and acknowledges nothing": 32 + 32 + 8,
  "asks for much, and doesn't read its channel": 32 + 32 + 8,
  "asks, grants no credit and takes no answers": 32 + 8,
  // Three messages in the making, of 16 MiB each.
  "never ends a message, 64 KiB at a time, in every lane": 3 * 16 + 8,
  "sends more than it was granted": 4 + 8,
};
const heldOtherwise = 8;

/** Handlers that may run: of requests as many as may be open, of messages as a window takes. */
function runsMost({ name }: PeerRole): number {
  return name.includes("word at a time") || name.includes("lossy") ? 3_000 : limits.openRequests;
}

describe("a peer that", () => {
  // Not `it.each`, which cuts long names.
  it.for(peerRoles.map((role) => [role.name, role] as const))(
    "%s: holds and costs no more than its bound, and others talk on",
    async ([, role]) => {
      const before = await heldBytes();
      const { said } = await world.play(role, victim, () => stillTalk(victim, bystander));
      const grown = (await heldBytes()) - before;
      expect(grown / mebibyte).toBeLessThan(heldMost[role.name] ?? heldOtherwise);
      expect(runs).toBeLessThanOrEqual(runsMost(role));
      // Nothing it says is answered by more than a frame, but for what it asks for within the rules.
      expect(world.heardFrames).toBeLessThanOrEqual(2 * said + 1_000);
      expect(victim.events["peer-disconnected"] > 0).toBe(role.end === "the link ends");
      expect(bystander.events["peer-disconnected"]).toBe(0);
      await stillTalk(victim, bystander);
    },
  );
});
