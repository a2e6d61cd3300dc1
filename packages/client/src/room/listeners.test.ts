import { defineProtocol, message } from "@skein/protocol";
import { afterEach, beforeEach, expect, it } from "vitest";
import { turn } from "../testing.test-support.js";
import { chat, World } from "./world.test-support.js";

const other = defineProtocol("test.other", "1.0.0", { say: message(String) });

let world: World;
/** What would have ended the program. */
let unhandled: unknown[];
const note = (error: unknown): void => void unhandled.push(error);
/** Vitest's own, which would fail the run. */
let others: NodeJS.UnhandledRejectionListener[];

beforeEach(() => {
  world = new World();
  unhandled = [];
  others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
});

afterEach(async () => {
  process.removeAllListeners("unhandledRejection");
  for (const listener of others) process.on("unhandledRejection", listener);
  await world.leaveAll();
});

/** Rejections that nobody handled by now have been told. */
const settled = async (): Promise<void> => {
  await turn();
  await turn();
};

it("who greets each peer isn't ended by one that speaks another protocol, and is told", async () => {
  const ann = await world.join();
  const troubles: string[] = [];
  ann.room.on("trouble", ({ code }) => void troubles.push(code));
  ann.room.on("peer-connected", (peer) => ann.room.send(peer, chat.say, "hello"));
  const ben = await world.join({ protocols: [other] });
  await world.untilConnected(ann, ben);
  await settled();
  expect(troubles).toEqual(["protocol-mismatch"]);
  expect(unhandled).toEqual([]);
});

it("who forgets to wait isn't ended by a peer that leaves, whether the link was there or not", async () => {
  const [ann, ben] = await world.pair();
  const id = ben.room.id;
  world.hold();
  const cat = await world.join();
  await world.until(() => ann.room.peers.size === 2);
  void ann.room.send(cat.room.id, chat.say, "waits for a link");
  await Promise.all([ben.room.leave(), cat.room.leave()]);
  await world.until(() => ann.room.peers.size === 0);
  void ann.room.send(id, chat.say, "to nobody");
  void ann.room.send(id, other.say, "to nobody");
  await settled();
  expect(unhandled).toEqual([]);
});

it("a mistake of one's own is told loudly, linked or not", async () => {
  const ann = await world.join();
  const release = world.hold();
  const ben = await world.join();
  await world.until(() => ann.room.peers.size > 0);
  void ann.room.send(ben.room.id, chat.say, 7 as unknown as string);
  release();
  await world.untilConnected(ann, ben);
  void ann.room.send(ben.room.id, chat.say, 8 as unknown as string);
  await settled();
  expect(unhandled).toMatchObject([{ code: "bad-body" }, { code: "bad-body" }]);
});

it("whatever else a listener's promise fails by is its own, and no listener keeps another from hearing", async () => {
  const ann = await world.join();
  const heard: string[] = [];
  const mistake = new Error("a mistake");
  ann.room.on("peer-joined", async () => {
    throw mistake;
  });
  ann.room.on("peer-joined", () => void heard.push("second"));
  await world.join();
  await world.until(() => ann.room.peers.size > 0);
  await settled();
  expect(heard).toEqual(["second"]);
  expect(unhandled).toEqual([mistake]);
});

it("a listener of trouble that fails by another's doing ends nothing, and tells nothing", async () => {
  const [ann, ben] = await world.pair();
  const { id } = ben.room;
  await ben.room.leave();
  await world.until(() => ann.room.peers.size === 0);
  let times = 0;
  ann.room.on("trouble", async () => {
    times++;
    await ann.room.send(id, chat.say, "to nobody");
  });
  ann.room.on("peer-joined", async () => ann.room.send(id, chat.say, "to nobody"));
  await world.join();
  await world.until(() => times > 0);
  await settled();
  expect(times).toBe(1);
  expect(unhandled).toEqual([]);
});
