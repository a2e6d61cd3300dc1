import { expect, it } from "vitest";
import { backplaneOf } from "./backplane.js";

it("a server stands alone unless it is told otherwise", async () => {
  expect(await backplaneOf({})).toBeUndefined();
});

it.each([
  [{ backplane: "http://user:secret@10.0.0.5" }, /^--backplane can't be used: give redis:/],
  [{ backplane: "secret" }, /^--backplane can't be used/],
  [{ backplanePrefix: "lab" }, /needs|of no use without --backplane/],
  [
    { backplane: "redis://:secret@127.0.0.1:1" },
    /^The backplane at redis:\/\/127\.0\.0\.1:1 can't be used \(ECONNREFUSED\)/,
  ],
  [
    { backplane: "nats://secret@127.0.0.1:1" },
    /^The backplane at nats:\/\/127\.0\.0\.1:1 can't be used \(ECONNREFUSED\)/,
  ],
  [{ backplane: "nats://127.0.0.1:1", backplanePrefix: "a.b" }, /prefix has 1 to 64/],
])("what can't be used is told in a sentence, without what is secret: %j", async (options, sentence) => {
  const error: unknown = await backplaneOf(options).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "bad-argument", message: expect.stringMatching(sentence) });
  expect((error as Error).message).not.toContain("secret");
});
