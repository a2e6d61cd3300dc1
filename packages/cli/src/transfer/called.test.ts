import { createIdentity } from "@skein/protocol";
import { expect, it } from "vitest";
import { isCalled, nameOf } from "./called.js";

const { id } = createIdentity();
const peer = (name?: string) => ({ id, card: { name } }) as Parameters<typeof isCalled>[0];

it("knows a peer by its whole name, and by its id or the beginning of it", () => {
  expect(["ada", id, id.slice(0, 8)].map((wanted) => isCalled(peer("ada"), wanted))).toEqual([true, true, true]);
  expect(["ad", "", id.slice(0, 7), `${id}x`].some((wanted) => isCalled(peer("ada"), wanted))).toBe(false);
});

it("calls it by its name, or by the beginning of its id", () => {
  expect([nameOf(peer("ada")), nameOf(peer())]).toEqual(["ada", id.slice(0, 8)]);
});
