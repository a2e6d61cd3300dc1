// A process with two members who behave: how long what one says takes to the other and back.
import { answerCalls } from "../child.ts";
import type { Member } from "./dialect.ts";
import { createSkeinDialect } from "./skein.ts";

/** What the process can be asked for. */
export interface HealthyMethods extends Record<string, (...args: never[]) => unknown> {
  join(url: string): Promise<void>;
  /** Round trips, one after another with a pause between, in milliseconds. */
  roundTrips(count: number): Promise<number[]>;
}

const betweenMs = 2;

let pair: readonly [Member, Member] | undefined;
let frames: readonly [Buffer, Buffer] | undefined;
let arrived = (): void => {};

async function join(url: string): Promise<void> {
  const skein = await createSkeinDialect();
  const first = await skein.join(url, 0);
  const second = await skein.join(url, 1);
  pair = [first, second];
  frames = [skein.forwardTo(first, second), skein.forwardTo(second, first)];
  const back = frames[1];
  const lost = (reason: string) => {
    throw new Error(`One who behaves was thrown out: ${reason}`);
  };
  second.socket.listen({
    receive: (payload) => {
      if (skein.classify(payload) === "forward") second.socket.write(back);
    },
    lost,
  });
  first.socket.listen({
    receive: (payload) => {
      if (skein.classify(payload) === "forward") arrived();
    },
    lost,
  });
}

async function roundTrips(count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const startMs = performance.now();
    await new Promise<void>((resolve) => {
      arrived = resolve;
      if (pair !== undefined && frames !== undefined) pair[0].socket.write(frames[0]);
    });
    times.push(performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, betweenMs));
  }
  return times;
}

answerCalls({ join, roundTrips } satisfies HealthyMethods);
