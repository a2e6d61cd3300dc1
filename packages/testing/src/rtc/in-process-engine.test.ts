import { defineProtocol, joinRoom, memorySignaling, message } from "@skein/client";
import { expect, test } from "vitest";
import { inProcessEngine } from "./in-process-engine.js";

const chat = defineProtocol("test.chat", "1.0.0", { say: message(String) });

test("two rooms of one process are linked, talk both ways, and see each other go", async () => {
  const engine = inProcessEngine();
  const signaling = memorySignaling();
  const join = () => joinRoom({ signaling, room: "lab", protocols: [chat], engine });
  const [ann, bob] = await Promise.all([join(), join()]);
  const heard = new Promise<string>((resolve) => bob.handle(chat.say, resolve));
  const answered = new Promise<string>((resolve) => ann.handle(chat.say, resolve));
  const left = new Promise<string>((resolve) => ann.on("peer-left", ({ peer }) => resolve(peer.id)));
  await Promise.all(
    [ann, bob].map((room) => new Promise<void>((resolve) => room.on("peer-connected", () => resolve()))),
  );
  expect([...ann.peers.values()].map(({ path }) => path)).toEqual(["direct"]);
  await ann.send(bob.id, chat.say, "hello");
  expect(await heard).toBe("hello");
  await bob.send(ann.id, chat.say, "and to you");
  expect(await answered).toBe("and to you");
  await bob.leave();
  expect(await left).toBe(bob.id);
  await ann.leave();
});

test("many messages arrive, in their order", async () => {
  const engine = inProcessEngine("chromium");
  const signaling = memorySignaling();
  const join = () => joinRoom({ signaling, room: "lab", protocols: [chat], engine });
  const [ann, bob] = await Promise.all([join(), join()]);
  const heard: string[] = [];
  const all = Array.from({ length: 5_000 }, (_, number) => String(number));
  const done = new Promise<void>((resolve) => {
    bob.handle(chat.say, (text) => {
      if (heard.push(text) === all.length) resolve();
    });
  });
  await new Promise<void>((resolve) => ann.on("peer-connected", () => resolve()));
  for (const text of all) await ann.send(bob.id, chat.say, text);
  await done;
  expect(heard).toEqual(all);
  await Promise.all([ann.leave(), bob.leave()]);
});
