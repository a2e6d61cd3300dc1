import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Entrance, type Newcomer } from "./entrance.js";

function newcomer(): Newcomer {
  return { request: {} as IncomingMessage, socket: new PassThrough(), head: Buffer.alloc(0) };
}

describe("the entrance", () => {
  test("lets a crowd in one in each turn, all of them, in the order in which they came", async () => {
    const entered: Newcomer[] = [];
    const entrance = new Entrance((one) => entered.push(one));
    const crowd = Array.from({ length: 50 }, newcomer);
    for (const one of crowd) entrance.add(one);
    let before = 0;
    for (let turn = 0; entered.length < crowd.length; turn++) {
      await nextTurn();
      expect(entered.length - before).toBeLessThanOrEqual(1);
      before = entered.length;
      expect(turn).toBeLessThan(60);
    }
    expect(entered).toEqual(crowd);
  });

  test("lets in who comes alone in the next turn", async () => {
    const entered: Newcomer[] = [];
    const entrance = new Entrance((one) => entered.push(one));
    for (let round = 1; round <= 3; round++) {
      entrance.add(newcomer());
      await nextTurn();
      await nextTurn();
      expect(entered).toHaveLength(round);
    }
  });

  test("passes over whoever went meanwhile, and leaves no listener behind", async () => {
    const entered: Newcomer[] = [];
    const entrance = new Entrance((one) => entered.push(one));
    const [gone, there] = [newcomer(), newcomer()];
    entrance.add(gone);
    entrance.add(there);
    gone.socket.destroy(new Error("reset"));
    await nextTurn();
    await nextTurn();
    expect(entered).toEqual([there]);
    expect(there.socket.listenerCount("error")).toBe(0);
  });
});
