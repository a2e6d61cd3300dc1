import { encodeRelayPacket, type RelayPacket } from "@skein/protocol";
import { mustBe, section, Unmet } from "../kit/check.js";
import type { Linked, PeerWorld } from "./peer-world.js";
import type { RelayWire } from "./relay-wire.js";

/** @throws {Unmet} unless the peer gives up the channel for the next, and goes on there */
async function movesOn({ visit, wire, end }: Linked<RelayWire>, world: PeerWorld): Promise<void> {
  const { channel } = await visit.relayed.take(
    `a packet of channel ${wire.channel + 1}`,
    (packet) => packet.channel > wire.channel,
  );
  mustBe(channel === wire.channel + 1, `channel ${wire.channel + 1}`, `channel ${channel}`);
  const next = world.relay(visit);
  const before = end.theirLink;
  const { link } = await end.greet(next);
  mustBe(`${link}` === `${before}`, "the same link on the next channel", "another");
  end.resend(end.told.next);
  await end.settle();
}

/** A packet in place of the one that is due. */
function breaks(spoil: (due: RelayPacket, wire: RelayWire) => RelayPacket): (world: PeerWorld) => Promise<void> {
  return async (world) => {
    const linked = await world.relayLink();
    await linked.end.settle();
    const [record] = linked.end.cut({ kind: "cancel", request: 9_999 });
    linked.visit.sendRelay(spoil(linked.wire.wrap(record as Uint8Array), linked.wire));
    await movesOn(linked, world);
  };
}

export const relayChecks = section<PeerWorld>("relay.md: Channels", {
  "a channel that the other side opens is answered with HELLO": async (world) => {
    const { end } = await world.relayLink();
    await end.settle();
  },
  "frames are counted from 0, without a gap, and what was received is told": async (world) => {
    const { end, wire } = await world.relayLink();
    for (let i = 0; i < 10; i++) await end.settle(`${i}`);
    mustBe(wire.faults.length === 0, "each index in its turn", wire.faults[0] ?? "");
    mustBe(wire.arrivedBytes > 0, "`received` that grows", `${wire.arrivedBytes}`);
  },
  "(should) `received` is told for 128 KiB, when there is nothing else to say": async (world) => {
    const { end, wire } = await world.relayLink();
    end.acknowledges = false;
    await end.settle();
    const before = wire.sentBytes;
    for (let i = 0; i < 9; i++) end.say({ kind: "cancel", request: 9_999 });
    for (let i = 0; i < 12; i++) end.message("none", new Uint8Array(15_900));
    await end.acknowledged();
    mustBe(wire.arrivedBytes >= before + 64 * 1024, "`received` of what came", `${wire.arrivedBytes} bytes`);
  },
  "a packet of a lower channel is dropped": async (world) => {
    const visit = await world.visit();
    visit.channel = 4;
    const wire = world.relay(visit);
    const end = world.end();
    await end.greet(wire);
    visit.sendRelay({ channel: 2, index: 0, received: 0, frame: Uint8Array.of(0xff) });
    await end.settle();
  },
  "a higher channel takes the place of the one before": async (world) => {
    const linked = await world.relayLink();
    const { visit, end, wire } = linked;
    await end.settle();
    visit.channel += 5;
    await end.greet(world.relay(visit));
    end.resend(end.told.next);
    await end.settle();
    mustBe(visit.channel === wire.channel + 6, `channel ${wire.channel + 6}`, `channel ${visit.channel}`);
  },
  "a frame that is missing ends the channel, and the next one begins": breaks((due) => ({
    ...due,
    index: due.index + 1,
  })),
  "a frame that comes twice ends the channel, and the next one begins": breaks((due) => ({ ...due, index: 0 })),
  "more received than was sent ends the channel, and the next one begins": breaks((due) => ({
    ...due,
    received: due.received + 1_000_000,
  })),
  "an empty frame isn't counted": async (world) => {
    const { visit, wire, end } = await world.relayLink();
    for (let i = 0; i < 3; i++) visit.sendRelay(wire.wrap(new Uint8Array(0)));
    await end.settle();
  },
  "a packet without its head is dropped": async (world) => {
    const { visit, end } = await world.relayLink();
    for (const body of [new Uint8Array(0), Uint8Array.of(0x80)]) visit.sendEnvelope("relay", visit.seal("frame", body));
    await end.settle();
  },
  "a packet over the limit is dropped": async (world) => {
    const { visit, end, wire } = await world.relayLink();
    const frame = new Uint8Array(65_536 + 100);
    const body = encodeRelayPacket({ channel: wire.channel, index: wire.sentFrames, received: 0, frame });
    visit.sendEnvelope("relay", visit.seal("frame", body));
    await end.settle();
  },
  "the link moves from the relay to a direct path, and back": async (world) => {
    world.mustRelay();
    world.mustDial();
    const { visit, end, hello } = await world.relayLink();
    await end.settle("over the relay");
    const direct = await world.direct(visit);
    end.message("echo", "sent before the move");
    const there = await end.greet(direct);
    if (`${there.link}` !== `${hello.link}`) throw new Unmet("the same link over the direct path", "another");
    end.resend(there.next);
    await end.hearMessage("echoed", "sent before the move");
    await end.settle("over the direct path");
    direct.close();
    await end.greet(world.relay(visit));
    end.resend(end.told.next);
    await end.settle("over the relay again");
  },
});
