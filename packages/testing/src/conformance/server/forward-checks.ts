import { encodeForwardPacket, equalBytes, type ForwardClass } from "@skein/protocol";
import { mustBe, section } from "../kit/check.js";
import type { Member } from "../kit/member.js";
import { Persona } from "../kit/persona.js";
import { describeHeard, mustNotHear } from "../kit/server-connection.js";
import type { ServerWorld } from "./server-world.js";

const classes = ["signal", "relay"] as const;

/** Noise: no MessagePack, no envelope that anybody could open. */
function noise(length: number, from: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i * 7) & 0xff);
}

/** @throws {Unmet} unless all that was sent arrives as it was sent, in its order */
async function expectForwards(to: Member, from: Member, kind: ForwardClass, sent: readonly Uint8Array[]) {
  for (const [i, envelope] of sent.entries()) {
    const came = await to.connection.next("forward");
    mustBe(came.from === from.persona.id, `the source ${from.persona.id}`, came.from);
    mustBe(came.class === kind, `the class ${kind}`, came.class);
    mustBe(equalBytes(came.envelope, envelope), `envelope ${i}, as it was sent`, "other bytes");
  }
  // What the server says behind them comes behind them.
  const more = await to.connection.settle();
  mustNotHear(more, ["forward"], "each forward once");
}

async function expectUndeliverable(from: Member, to: Persona, kind: ForwardClass): Promise<void> {
  const { connection } = from;
  const answer = await connection.next("undeliverable");
  mustBe(equalBytes(answer.to, to.key), "the target's key", "another");
  mustBe(answer.reason === "gone" && answer.class === kind, `\`gone\`, class ${kind}`, describeHeard(answer));
}

export const forwardChecks = section<ServerWorld>("server.md: Forwards", {
  ...Object.fromEntries(
    classes.flatMap((kind) => [
      [
        `forwards of class ${kind} arrive once, in order, byte by byte, under their source's key`,
        async (world: ServerWorld) => {
          const [first, second] = await world.enterAll(2);
          const sent = Array.from({ length: 50 }, (_, i) => noise(1 + i * 3, i));
          for (const envelope of sent) first.forward(second.persona.id, envelope, kind);
          await expectForwards(second, first, kind, sent);
        },
      ],
      [
        `a forward of class ${kind} to a peer of another room isn't passed on`,
        async (world: ServerWorld) => {
          const here = await world.enter();
          const there = await world.enter({ room: `${world.room}-2` });
          here.forward(there.persona.id, noise(30, 0), kind);
          await here.connection.settle();
          mustNotHear(await there.connection.settle(), ["forward"], "nothing in the other room");
        },
      ],
      [
        `(should) who forwards to nobody, in class ${kind}, is told \`gone\``,
        async (world: ServerWorld) => {
          const here = await world.enter();
          const nobody = new Persona();
          here.forward(nobody.id, noise(30, 0), kind);
          await expectUndeliverable(here, nobody, kind);
        },
      ],
    ]),
  ),
  "(should) who forwards to a peer that is away is told `gone`": async (world) => {
    const [first, second] = await world.enterAll(2);
    second.connection.cut();
    await first.connection.next("peer-away");
    first.forward(second.persona.id, noise(30, 0));
    await expectUndeliverable(first, second.persona, "signal");
  },
  "an envelope that fills a packet arrives": async (world) => {
    const connection = world.connect();
    const { limits } = await connection.next("challenge");
    connection.cut();
    const [first, second] = await world.enterAll(2);
    const envelope = noise(Math.min(limits.packetBytes, 131_072) - 33, 5);
    first.forward(second.persona.id, envelope, "relay");
    await expectForwards(second, first, "relay", [envelope]);
  },
  "relayed forwards aren't dropped for their rate": async (world) => {
    const [first, second] = await world.enterAll(2);
    const sent = Array.from({ length: 160 }, (_, i) => noise(16_000, i));
    for (const envelope of sent) first.forward(second.persona.id, envelope, "relay");
    await expectForwards(second, first, "relay", sent);
  },
  "a forward before `joined` goes nowhere": async (world) => {
    const member = await world.enter();
    const stranger = world.connect();
    await stranger.next("challenge");
    stranger.send(encodeForwardPacket("signal", member.persona.id, noise(30, 0)));
    await stranger.settle().catch(() => {});
    mustNotHear(await member.connection.settle(), ["forward"], "nothing from who isn't in the room");
  },
  "a forward without an envelope is malformed": async (world) => {
    const [first, second] = await world.enterAll(2);
    first.connection.send(encodeForwardPacket("signal", second.persona.id, new Uint8Array(0)));
    await first.connection.complainedWith("bad-message");
    mustNotHear(await second.connection.settle(), ["forward"], "nothing passed on");
  },
});
