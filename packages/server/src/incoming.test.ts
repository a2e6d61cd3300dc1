import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { Incoming } from "./incoming.js";
import { Resumption } from "./resumption.js";
import { type ClientSocket, openState } from "./socket.js";
import { ManualClock } from "./testing-client.test-support.js";

/** What happened to the sockets, and whose turn was waited for. */
let told: string[];
let clock: ManualClock;

class NotedResumption extends Resumption {
  override add(): void {
    told.push("waits for its turn");
  }
}

/** A stream on which so many bytes wait. Whatever is read of it is one packet, handed to `hear`. */
class WaitingStream {
  hear: (packet: Buffer) => void = () => {};

  constructor(public readableLength: number) {}

  read(bytes: number): void {
    told.push(`read ${bytes}`);
    this.readableLength -= bytes;
    this.hear(Buffer.alloc(bytes));
  }

  cork(): void {}

  uncork(): void {}
}

interface Parts {
  readonly resumption?: Resumption;
  readonly stream?: WaitingStream;
  readonly handlePacket?: (packet: Buffer) => void;
}

function incoming({
  resumption = new NotedResumption(),
  stream = new WaitingStream(0),
  handlePacket = () => {},
}: Parts = {}) {
  const socket = { readyState: openState, pause: () => told.push("paused"), resume: () => told.push("resumed") };
  const made = new Incoming(socket as unknown as ClientSocket, stream, clock, resumption, { handlePacket });
  stream.hear = (packet) => void made.take(packet);
  return { made, socket };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}

beforeEach(() => {
  told = [];
  clock = new ManualClock();
});

test("who had to wait for time is read on when its turn comes, since others waited for the same", () => {
  incoming().made.delay(Buffer.of(1), 10);
  clock.advance(9);
  expect(told).toEqual(["paused"]);
  clock.advance(1);
  expect(told).toEqual(["paused", "waits for its turn"]);
});

test("who waited for a check is read on at once", async () => {
  const check = Promise.resolve();
  incoming().made.waitFor(check);
  await check;
  expect(told).toEqual(["paused", "resumed"]);
});

test("what came while it waited is read a portion in each turn, and only then as it comes", async () => {
  const { made } = incoming({ resumption: new Resumption(), stream: new WaitingStream(20_000) });
  made.delay(Buffer.of(1), 10);
  clock.advance(10);
  expect(told).toEqual(["paused"]);
  await turns(5);
  expect(told).toEqual(["paused", "read 8192", "read 8192", "read 3616", "resumed"]);
});

test("what comes in a portion and has to wait itself stops the reading", async () => {
  const stream = new WaitingStream(20_000);
  const { made } = incoming({
    resumption: new Resumption(),
    stream,
    handlePacket: (packet) => packet.length > 1 && stream.readableLength > 10_000 && made.delay(packet, 10),
  });
  made.delay(Buffer.of(1), 10);
  clock.advance(10);
  await turns(5);
  expect(told).toEqual(["paused", "read 8192", "paused"]);
});

test("a connection that was closed while it waited is not read on: whoever closed it has said what becomes of the rest", async () => {
  const { made, socket } = incoming({ resumption: new Resumption(), stream: new WaitingStream(20_000) });
  made.delay(Buffer.of(1), 10);
  socket.readyState = 2;
  clock.advance(10);
  await turns(5);
  expect(told).toEqual(["paused"]);
});
