import { defineProtocol, message, SkeinError } from "@skein/protocol";
import { afterEach, beforeEach, expect, it } from "vitest";
import { chat, World } from "./world.test-support.js";

const other = defineProtocol("test.other", "1.0.0", { say: message(String) });

let world: World;

beforeEach(() => {
  world = new World();
});

afterEach(() => world.leaveAll());

/** What a program without types may write. */
type Loose = Record<"send" | "request" | "handle" | "trySend", (...args: unknown[]) => unknown>;

it("a handler of a protocol that the join didn't list is refused: it would wait for ever", async () => {
  const { room } = await world.join();
  expect(() => room.handle(other.say, () => {})).toThrow(/Nobody would send test\.other\/say: list test\.other in/);
});

it("what is no message, no peer or no function is told by a sentence, linked or not", async () => {
  const release = world.hold();
  const ann = await world.join();
  const ben = await world.join();
  await world.until(() => ann.room.peers.size > 0);
  const loose = ann.room as unknown as Loose;
  const early = expect(loose.send(ben.room.id, undefined, "hi")).rejects.toMatchObject({ code: "bad-argument" });
  release();
  await world.untilConnected(ann, ben);
  await early;
  for (const wrong of [undefined, {}, "chat.say", null]) {
    await expect(loose.send(ben.room.id, wrong, "hi")).rejects.toMatchObject({ code: "bad-argument" });
    await expect(loose.request(ben.room.id, wrong, "hi")).rejects.toMatchObject({ code: "bad-argument" });
    expect(() => loose.trySend(ben.room.id, wrong, "hi")).toThrow(SkeinError);
    expect(() => loose.handle(wrong, () => {})).toThrow(/as `chat.say`, and a function/);
  }
  expect(() => loose.handle(chat.say, "print")).toThrow(/as `chat.say`, and a function/);
  for (const nobody of [undefined, null, {}, chat.say]) {
    await expect(loose.send(nobody, chat.say, "hi")).rejects.toMatchObject({ code: "bad-argument" });
  }
});
