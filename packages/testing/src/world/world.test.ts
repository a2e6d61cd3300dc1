import { defineProtocol, message, type Room } from "@skein/client";
import { describe, expect, it } from "vitest";
import type { NatKind } from "../core/nat.js";
import type { EngineName } from "../rtc/profile.js";
import type { SimAgent } from "./sim-agent.js";
import { createWorld, type World } from "./world.js";

const chat = defineProtocol("test.chat", "1.0.0", { say: message(String) });

async function talk(world: World, options: readonly [object, object] = [{}, {}]) {
  const heard: string[] = [];
  const program = (room: Room) => void room.handle(chat.say, (text) => void heard.push(text));
  const ann = world.addAgent("ann", { protocols: [chat], program, ...options[0] });
  const bob = world.addAgent("bob", { protocols: [chat], program, ...options[1] });
  await world.until(Promise.all([ann.join(), bob.join()]));
  await world.linked(ann, bob);
  await world.until(ann.room.send(bob.id, chat.say, "hi"));
  await world.until(() => heard.length > 0);
  return { ann, bob, heard, path: ann.room.peers.get(bob.id)?.path, tookMs: world.nowMs };
}

const pathOf = (a: SimAgent, b: SimAgent) => a.room.peers.get(b.id)?.path;

describe("a world", () => {
  const nats: NatKind[] = ["none", "full-cone", "restricted", "symmetric", "udp-blocked"];
  const engines: EngineName[] = ["chromium", "firefox", "node-datachannel"];
  for (const ice of ["stun", "turn"] as const)
    for (const a of nats)
      for (const b of nats) {
        it(`${ice} ${a} ${b}`, async () => {
          await using world = createWorld({ seed: 1, ice });
          const { path, tookMs } = await talk(world, [{ nat: a }, { nat: b }]);
          console.log(ice, a, b, path, tookMs, world.steps);
        });
      }
  for (const a of engines)
    for (const b of engines)
      it(`${a} ${b}`, async () => {
        await using world = createWorld({ seed: 1 });
        const { path, tookMs } = await talk(world, [{ engine: a }, { engine: b }]);
        console.log(a, b, path, tookMs, world.steps);
      });
});
