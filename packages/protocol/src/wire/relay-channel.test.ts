import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RelayPacket } from "./relay.js";
import { RelayChannel } from "./relay-channel.js";

const frame = (byte: number, length = 1) => new Uint8Array(length).fill(byte);

function wrapped(channel: RelayChannel, byte: number, length = 1): RelayPacket {
  const packet = channel.wrap(frame(byte, length));
  if (packet === undefined) throw new Error("it is closed");
  return packet;
}

function two(): readonly [RelayChannel, RelayChannel] {
  const channels = [new RelayChannel(), new RelayChannel()] as const;
  for (const channel of channels) channel.open();
  return channels;
}

describe("a relay channel", () => {
  it("carries frames in order, and knows what the other side has of them", () => {
    const [a, b] = two();
    expect(b.receive(wrapped(a, 7, 100))).toEqual({ type: "frame", frame: frame(7, 100) });
    expect(a.underWayBytes).toBe(100);
    a.receive(wrapped(b, 8));
    expect([a.underWayBytes, b.underWayBytes]).toEqual([0, 1]);
  });

  it.each<[string, (a: RelayChannel, b: RelayChannel) => unknown, Partial<RelayPacket>, string]>([
    ["open + its next -> frame", () => {}, {}, "frame"],
    ["open + one after a gap -> broken", (a) => a.wrap(frame(1)), {}, "broken"],
    ["open + an acknowledgement of what was never sent -> broken", () => {}, { received: 1 }, "broken"],
    ["open + one of a newer channel -> newer", (a) => a.open(), {}, "newer"],
    ["open + one of an older channel -> older", (_, b) => b.open(), {}, "older"],
    ["closed + one of the channel that was -> older", (_, b) => b.close(), {}, "older"],
  ])("%s", (_name, before, change, news) => {
    const [a, b] = two();
    before(a, b);
    expect(b.receive({ ...wrapped(a, 1), ...change }).type).toBe(news);
  });

  it("is broken by a repeat as well", () => {
    const [a, b] = two();
    const packet = wrapped(a, 1);
    b.receive(packet);
    expect(b.receive(packet).type).toBe("broken");
  });

  it("takes the number of the other side's where that is newer", () => {
    const [a, b] = two();
    for (let i = 0; i < 5; i++) a.open();
    const packet = wrapped(a, 1);
    b.open(packet.channel);
    expect(b.receive(packet).type).toBe("frame");
    expect(a.receive(wrapped(b, 2)).type).toBe("frame");
  });

  it("sends nothing once it is closed", () => {
    const [a] = two();
    a.close();
    expect([a.wrap(frame(1)), a.isOpen, a.underWayBytes]).toEqual([undefined, false, 0]);
  });

  it("owes an acknowledgement after 128 KiB, which isn't counted as a frame", () => {
    const [a, b] = two();
    for (let i = 0; i < 2; i++) {
      expect(b.owesAcknowledgement).toBe(false);
      b.receive(wrapped(a, 1, 64 * 1024));
    }
    expect(b.owesAcknowledgement).toBe(true);
    a.receive(b.wrap(new Uint8Array(0)) as RelayPacket);
    expect([a.underWayBytes, b.owesAcknowledgement]).toEqual([0, false]);
    expect(a.receive(wrapped(b, 2)).type).toBe("frame");
  });

  it("delivers of each channel what was sent on it, from the first on, whatever the server does with the packets", () => {
    const action = fc.constantFrom("send", "send", "deliver", "deliver", "drop", "repeat", "swap", "open");
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const [a, b] = two();
        const underWay: RelayPacket[] = [];
        const sent = new Map<number, number[]>();
        const delivered = new Map<number, number[]>();
        let byte = 0;
        const put = (map: Map<number, number[]>, { channel, frame }: RelayPacket) =>
          map.set(channel, [...(map.get(channel) ?? []), frame[0] as number]);
        const act: Record<string, () => void> = {
          send: () => {
            const packet = wrapped(a, ++byte % 256);
            put(sent, packet);
            underWay.push(packet);
          },
          deliver: () => {
            const packet = underWay.shift();
            if (packet === undefined) return;
            const { type } = b.receive(packet);
            if (type === "newer") b.open(packet.channel);
            if (type === "broken") b.close();
            if (type === "frame" || (type === "newer" && b.receive(packet).type === "frame")) put(delivered, packet);
          },
          drop: () => void underWay.shift(),
          repeat: () => void (underWay[0] && underWay.push(underWay[0])),
          swap: () => void underWay.unshift(...underWay.splice(1, 1)),
          open: () => a.open(),
        };
        for (const name of actions) act[name]?.();
        for (const [channel, bytes] of delivered) expect(sent.get(channel)?.slice(0, bytes.length)).toEqual(bytes);
      }),
    );
  });
});
