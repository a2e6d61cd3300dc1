import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createServer, type SkeinServer } from "./index.js";
import { enter, HealthyPair, type HeardOf, type Member } from "./testing-client.test-support.js";

const kibibyte = 1024;
const mostBytes = 512 * kibibyte;
const frameBytes = 64 * kibibyte;
const unlimited = { perSecond: Number.POSITIVE_INFINITY, burst: Number.POSITIVE_INFINITY };

describe("one client that reads nothing, and many that relay to it", () => {
  let server: SkeinServer;
  let bystanders: HealthyPair;
  let slow: Member;
  let senders: Member[];
  /** How many each has sent. */
  let sent = 0;

  beforeEach(async () => {
    const limits = { control: unlimited, signals: unlimited, relayBytes: unlimited, bufferedBytes: mostBytes };
    server = await createServer({ port: 0, limits });
    bystanders = await HealthyPair.enter(server.url);
    slow = await enter(server.url);
    senders = await Promise.all(Array.from({ length: 6 }, () => enter(server.url)));
    sent = 0;
    slow.client.socket.pause();
    // The kernel takes some megabytes before anything waits in the server.
    while (!senders.every(isRefused)) await relay(8);
  });

  afterEach(async () => {
    slow.client.socket.terminate();
    await server.close();
  });

  async function relay(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++, sent++) {
      for (const sender of senders) {
        const envelope = new Uint8Array(frameBytes);
        new DataView(envelope.buffer).setUint32(0, sent);
        sender.forward(slow.persona.id, envelope, "relay");
      }
      await Promise.all(senders.map(({ client }) => client.settle()));
    }
    await bystanders.talk();
  }

  const refusals = ({ client }: Member): readonly HeardOf<"undeliverable">[] =>
    client.heard.filter((heard) => heard.t === "undeliverable");

  const isRefused = (sender: Member): boolean => refusals(sender).length > 0;

  test("what waits is bounded, each sender is told what was refused, and others talk", async () => {
    expect(server.stats().bufferedBytes).toBeGreaterThan(mostBytes / 2);
    const { relayedBytes } = server.stats();
    const refused = senders.map((sender) => refusals(sender).length);
    await relay(50);
    expect(server.stats().relayedBytes).toBe(relayedBytes);
    expect(server.stats().bufferedBytes).toBeLessThan(mostBytes / 2 + 2 * frameBytes);
    expect(senders.map((sender) => refusals(sender).length)).toEqual(refused.map((before) => before + 50));
    expect(refusals(senders[0] as Member).at(-1)).toMatchObject({ reason: "busy", class: "relay" });
  });

  test("signals to it have room left, until they fill that too", async () => {
    const [sender] = senders as [Member];
    const { forwards } = server.stats();
    const signal = new Uint8Array(8 * kibibyte);
    let signals = 0;
    do {
      sender.forward(slow.persona.id, signal);
      await sender.client.settle();
      signals++;
    } while (refusals(sender).at(-1)?.class !== "signal");
    expect(signals).toBeGreaterThan(16);
    expect(server.stats().forwards).toBe(forwards + signals - 1);
    expect(server.stats().bufferedBytes).toBeGreaterThan(mostBytes);
    expect(server.stats().bufferedBytes).toBeLessThan(mostBytes + 2 * signal.length);
  });

  test("all that wasn't refused arrives, in order, once it reads", async () => {
    const { relayed } = server.stats();
    expect(relayed + senders.reduce((sum, sender) => sum + refusals(sender).length, 0)).toBe(sent * senders.length);
    slow.client.socket.resume();
    const last = new Map<string, number>();
    for (let i = 0; i < relayed; i++) {
      const { from, envelope } = await slow.client.next("forward");
      const number = new DataView(envelope.buffer, envelope.byteOffset).getUint32(0);
      expect(number).toBeGreaterThan(last.get(from) ?? -1);
      last.set(from, number);
    }
    expect(server.stats().bufferedBytes).toBe(0);
  });
});
