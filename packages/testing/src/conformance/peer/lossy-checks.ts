import { encode, encodeLossy, encodePayload, type Payload } from "@skein/protocol";
import { mustBe, section } from "../kit/check.js";
import { dataRecord, type LinkEnd } from "./link-end.js";
import type { PeerWorld } from "./peer-world.js";

function lossy(sequence: number, payload: Payload): Uint8Array {
  return encodeLossy(sequence, encodePayload(payload));
}

async function lossyLink(world: PeerWorld): Promise<{ end: LinkEnd; say: (sequence: number, body: unknown) => void }> {
  world.mustHave("lossy");
  const { end } = await world.link();
  const type = end.typeOf("echo-lossy", 0);
  await end.acknowledged();
  return {
    end,
    say: (sequence, body) => end.send(lossy(sequence, { kind: "message", type, body: Uint8Array.from(encode(body)) })),
  };
}

async function heard(end: LinkEnd): Promise<number> {
  await end.settle();
  await end.ping();
  return end.said.rest.filter(({ payload }) => payload.kind === "message").length;
}

export const lossyChecks = section<PeerWorld>("links.md: The lossy lane", {
  "a lossy message is delivered, and its answer comes in the lossy lane": async (world) => {
    const { end, say } = await lossyLink(world);
    say(0, "better lost than late");
    const { lane } = await end.hearMessage("echoed-lossy", "better lost than late");
    mustBe(lane === "lossy", "the lossy lane", `lane ${lane}`);
  },
  "numbers may be left out, and one that isn't above all before is dropped": async (world) => {
    const { end, say } = await lossyLink(world);
    say(7, "seven");
    await end.hearMessage("echoed-lossy", "seven");
    say(7, "seven again");
    say(3, "three");
    say(9, "nine");
    await end.hearMessage("echoed-lossy", "nine");
    mustBe((await heard(end)) === 0, "nothing of the late ones", "one of them");
  },
  "the peer's own numbers rise": async (world) => {
    const { end, say } = await lossyLink(world);
    const numbers: number[] = [];
    for (let i = 0; i < 5; i++) {
      say(i, i);
      numbers.push((await end.hear("lossy")).sequence);
    }
    mustBe(
      numbers.every((number, i) => i === 0 || number > (numbers[i - 1] as number)),
      "rising numbers",
      `${numbers}`,
    );
  },
  "a type that isn't bound yet is passed over": async (world) => {
    const { end } = await lossyLink(world);
    end.send(lossy(0, { kind: "message", type: 999, body: Uint8Array.of(0xc0) }));
    await end.settle();
  },
  "one before HELLO is passed over": async (world) => {
    world.mustHave("lossy");
    const visit = await world.visit();
    const end = world.end();
    const wire = await world.open(visit);
    end.attach(wire);
    end.send(lossy(0, { kind: "message", type: 0, body: Uint8Array.of(0xc0) }));
    await end.greet(wire);
    await end.settle();
  },
  "a payload of another kind is a violation": async (world) => {
    const { end } = await lossyLink(world);
    end.send(lossy(0, { kind: "bind", number: 3, name: "skein.conformance/echo" }));
    await end.hearRefusal();
  },
  "a peer that doesn't list `lossy` is answered in lane `default`": async (world) => {
    world.mustHave("lossy");
    const { end } = await world.link({ features: [] });
    const type = end.typeOf("echo-lossy", 1);
    end.say({ kind: "message", type, body: Uint8Array.from(encode("in order")) }, 1);
    const { lane } = await end.hearMessage("echoed-lossy", "in order");
    mustBe(lane === 1, "lane 1", `lane ${lane}`);
  },
  "over channel 1 lossy records go, and no others": async (world) => {
    world.mustHave("lossy");
    const { end, wire } = await world.directLink();
    const type = end.typeOf("echo-lossy", 0);
    await end.acknowledged();
    const { lossy: channel } = wire;
    mustBe(channel !== undefined, "a channel 1", "none");
    if (channel.readyState !== "open") await new Promise((resolve) => channel.addEventListener("open", resolve));
    channel.send(
      lossy(0, { kind: "message", type, body: Uint8Array.from(encode("aside")) }) as Uint8Array<ArrayBuffer>,
    );
    await end.hearMessage("echoed-lossy", "aside");
    channel.send(dataRecord(end.sent, 1, true, Uint8Array.of(6, 1)) as Uint8Array<ArrayBuffer>);
    await end.hearRefusal();
  },
});
