import { concatBytes, encodeRelayPacket, encodeSignal } from "@skein/protocol";
import { mustBe, section } from "../kit/check.js";
import { turned } from "../kit/persona.js";
import type { Linked, PeerWorld } from "./peer-world.js";
import type { RelayWire } from "./relay-wire.js";

/** A relay packet that ends the channel where it is taken. */
function poison({ wire }: Linked<RelayWire>): Uint8Array {
  return encodeRelayPacket({
    channel: wire.channel,
    index: wire.sentFrames + 7,
    received: 0,
    frame: Uint8Array.of(99, 0),
  });
}

/** @throws {Unmet} unless the channel goes on as if nothing had come */
async function goesOn({ end, wire, visit }: Linked<RelayWire>): Promise<void> {
  await end.settle();
  // What is left of a channel before it may be late.
  const other = visit.relayed.rest.find(({ channel }) => channel >= wire.channel);
  mustBe(other === undefined, `channel ${wire.channel} going on`, `channel ${other?.channel}`);
}

/** Sends envelopes that must not be taken. */
function dropped(send: (linked: Linked<RelayWire>) => void): (world: PeerWorld) => Promise<void> {
  return async (world) => {
    const linked = await world.relayLink();
    await linked.end.settle();
    send(linked);
    await goesOn(linked);
  };
}

export const envelopeChecks = [
  ...section<PeerWorld>("envelopes.md: Sealing", {
    "envelopes open under the keys of the room, the ids and this join": async (world) => {
      const { end, visit } = await world.link();
      await end.settle();
      mustBe(visit.faults.length === 0, "envelopes that open", visit.faults[0] ?? "");
    },
    "no counter is used twice": async (world) => {
      world.mustRelay();
      const { end, visit } = await world.relayLink();
      for (let i = 0; i < 20; i++) await end.settle(`${i}`);
      const counters = visit.envelopes.map(({ bytes }) => `${bytes.subarray(0, 8)}`);
      const again = counters.find((counter, i) => counters.indexOf(counter) < i);
      mustBe(again === undefined, "each counter once", `the counter ${again} twice`);
    },
  }),
  ...section<PeerWorld>("envelopes.md: Opening", {
    "an envelope that comes again is dropped": dropped(({ visit, wire, end }) => {
      const [record] = end.cut({ kind: "cancel", request: 9_999 });
      const envelope = visit.seal("frame", encodeRelayPacket(wire.wrap(record as Uint8Array)));
      for (let i = 0; i < 3; i++) visit.sendEnvelope("relay", envelope);
    }),
    "an envelope of 1,024 or more below the highest counter is dropped": dropped((linked) => {
      const { visit } = linked;
      const old = visit.nextCounter();
      visit.nextCounter(2_000);
      linked.end.acknowledge();
      visit.sendEnvelope("relay", visit.seal("frame", poison(linked), old));
    }),
    "envelopes out of order, within the window, are taken": async (world) => {
      const linked = await world.relayLink();
      const { visit, wire, end } = linked;
      await end.settle();
      const [early, late] = [visit.nextCounter(), visit.nextCounter()];
      for (const counter of [late, early]) {
        const [record] = end.cut({ kind: "cancel", request: 9_999 });
        visit.sendEnvelope("relay", visit.seal("frame", encodeRelayPacket(wire.wrap(record as Uint8Array)), counter));
      }
      await goesOn(linked);
    },
    "an envelope that is altered is dropped, and its counter isn't used up": async (world) => {
      const linked = await world.relayLink();
      const { visit, wire, end } = linked;
      await end.settle();
      const [record] = end.cut({ kind: "cancel", request: 9_999 });
      const genuine = visit.seal("frame", encodeRelayPacket(wire.wrap(record as Uint8Array)));
      visit.sendEnvelope("relay", turned(genuine));
      visit.sendEnvelope("relay", genuine);
      await goesOn(linked);
    },
    "an envelope of its own, sent back to it, is dropped": dropped(({ visit }) => {
      for (const { class: kind, bytes } of visit.envelopes.slice(0, 5)) visit.sendEnvelope(kind, bytes);
    }),
    "an envelope sealed for another room is dropped": dropped((linked) => {
      const { visit } = linked;
      const { seal } = visit.keysIn("another room", undefined);
      visit.sendEnvelope("relay", visit.seal("frame", poison(linked), visit.nextCounter(), seal));
    }),
    "an envelope of a signal where a frame is due is dropped": dropped((linked) => {
      linked.visit.sendEnvelope("relay", linked.visit.seal("signal", poison(linked)));
    }),
    "an envelope of a frame where a signal is due is dropped": dropped(({ visit }) => {
      visit.sendEnvelope("signal", visit.seal("frame", encodeSignal({ t: "bye", g: 1, reason: "left" })));
    }),
    "an envelope of an unknown content is dropped": dropped((linked) => {
      linked.visit.sendEnvelope("relay", linked.visit.sealUnknown(poison(linked)));
    }),
    "an envelope that is shorter than an empty one is dropped": dropped(({ visit }) => {
      for (const length of [1, 8, 24]) visit.sendEnvelope("relay", new Uint8Array(length));
    }),
    "an envelope with a counter of 2^53 or more is dropped": dropped((linked) => {
      const sealed = linked.visit.seal("frame", poison(linked));
      linked.visit.sendEnvelope("relay", concatBytes(new Uint8Array(8).fill(0xff), sealed.subarray(8)));
    }),
  }),
];
