import type { SignalingEvents } from "@skein/client";
import { limits } from "@skein/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Guest,
  HostileWorld,
  heldBytes,
  heldNow,
  seededRandom,
  stillTalk,
  until,
} from "./hostile-world.test-support.js";
import { serverRoles } from "./server-roles.js";

const mebibyte = 1024 * 1024;

let world: HostileWorld;
let victim: Guest;
let friend: Guest;

beforeEach(async () => {
  world = new HostileWorld();
  victim = await world.join();
  friend = await world.join();
  await until(() => [victim, friend].every(({ events }) => events["peer-connected"] === 1));
});

afterEach(() => world.leave());

/** A peer of the list, and what we keep of it: keys, a link that waits, its windows. */
const peersMost = 32;
const heldMost = 36 + peersMost;

describe("a server that", () => {
  it.for(serverRoles.map((role) => [role.name, role] as const))(
    "%s: holds and costs no more than its bound, and links go on",
    // A thousand cards are signed and checked.
    { timeout: 120_000 },
    async ([, { lies }]) => {
      const events = world.eventsOf(victim);
      const before = await heldBytes();
      const all: ((client: SignalingEvents) => void)[] = [];
      for await (const lie of lies(seededRandom(77), friend.room.id)) all.push(lie);
      let highest = 0;
      // Without a pause: nothing that waits is looked at meanwhile.
      for (const [told, lie] of all.entries()) {
        lie(events);
        if (told % 500 === 499) highest = Math.max(highest, heldNow());
      }
      await world.settle(victim);
      expect(highest / mebibyte).toBeLessThan(before / mebibyte + heldMost);
      expect(((await heldBytes()) - before) / mebibyte).toBeLessThan(peersMost);
      expect(victim.room.peers.size).toBeLessThanOrEqual(limits.roomPeers);
      // Each lie is counted or believed, and told to the app once at most.
      expect(victim.events.rejected).toBeLessThanOrEqual(all.length + 1_200);
      expect(victim.events["peer-disconnected"]).toBe(0);
      await stillTalk(victim, friend);
    },
  );
});
