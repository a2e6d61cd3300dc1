import { relayFallback } from "@skein/relay-fallback";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Guest, HostileWorld, heldBytes, stillTalk, talk, until } from "./hostile-world.test-support.js";
import { relayRoles } from "./relay-roles.js";

const mebibyte = 1024 * 1024;
/** Records that aren't acknowledged, answers that wait, a queue: as on any path. */
const heldMost = 32 + 32 + 8;

let world: HostileWorld;
let victim: Guest;
let bystander: Guest;

beforeEach(async () => {
  world = new HostileWorld();
  const relayed = () => world.join(relayFallback({ policy: "only" }));
  victim = await relayed();
  bystander = await relayed();
  await until(() => [victim, bystander].every(({ events }) => events["peer-connected"] === 1));
  const page = "x".repeat(mebibyte / 4);
  victim.room.handle(talk.ask, () => page);
});

afterEach(() => world.leave());

describe("a peer behind a relay that", () => {
  it.for(relayRoles.map((role) => [role.name, role] as const))(
    "%s: holds and costs no more than its bound, and others talk on",
    async ([, role]) => {
      const before = await heldBytes();
      const forwardsBefore = world.hub.forwards;
      let talks = 0;
      const { said } = await world.playRelay(role, victim, async () => {
        talks++;
        await stillTalk(victim, bystander);
      });
      expect(((await heldBytes()) - before) / mebibyte).toBeLessThan(heldMost);
      // A channel's answer is its HELLO, and one more channel where it was broken; talking takes a few.
      expect(world.hub.forwards - forwardsBefore).toBeLessThanOrEqual(3 * said + 10 * talks + 100);
      expect(bystander.events["peer-disconnected"]).toBe(0);
      await stillTalk(victim, bystander);
    },
  );
});
