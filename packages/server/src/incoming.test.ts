import { beforeEach, expect, test } from "vitest";
import { Incoming } from "./incoming.js";
import { Resumption } from "./resumption.js";
import type { ClientSocket } from "./socket.js";
import { ManualClock } from "./testing-client.test-support.js";

/** What happened to the sockets, and whose turn was waited for. */
let told: string[];
let clock: ManualClock;

class NotedResumption extends Resumption {
  override add(): void {
    told.push("waits for its turn");
  }
}

function incoming(): Incoming {
  const socket = { readyState: 1, pause: () => told.push("paused"), resume: () => told.push("resumed") };
  const handler = { handlePacket: () => {} };
  return new Incoming(socket as unknown as ClientSocket, clock, new NotedResumption(), handler);
}

beforeEach(() => {
  told = [];
  clock = new ManualClock();
});

test("who had to wait for time is read on when its turn comes, since others waited for the same", () => {
  incoming().delay(Buffer.of(1), 10);
  clock.advance(9);
  expect(told).toEqual(["paused"]);
  clock.advance(1);
  expect(told).toEqual(["paused", "waits for its turn"]);
});

test("who waited for a check is read on at once", async () => {
  const check = Promise.resolve();
  incoming().waitFor(check);
  await check;
  expect(told).toEqual(["paused", "resumed"]);
});
