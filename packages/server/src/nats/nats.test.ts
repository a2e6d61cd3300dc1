import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Broker, hasBroker } from "../backplane/broker.test-support.js";
import { testBackplane } from "../backplane/contract.test-support.js";
import { connectNats } from "./nats.js";

describe.skipIf(!hasBroker("nats"))("with nats-server", () => {
  testBackplane("nats", async () => {
    const broker = await Broker.start("nats");
    return {
      connect: () => connectNats({ url: broker.url }),
      stop: () => broker.kill(),
      start: () => broker.start(),
      close: () => broker.close(),
    };
  });

  describe("a password", () => {
    const password = "north-wind";
    let broker: Broker;

    beforeAll(async () => {
      broker = await Broker.start("nats", password);
    });
    afterAll(() => broker.close());

    it("is taken from the address, and told to nobody", async () => {
      const url = (of: string) => `nats://skein:${of}@127.0.0.1:${broker.port}`;
      const backplane = await connectNats({
        url: url(password).replace("skein:", broker.kind === "redis" ? ":" : "skein:"),
      });
      await backplane.close();
      const error: unknown = await connectNats({ url: url("south-wind") }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: "bad-argument",
        message: `The backplane at ${broker.url} can't be used (it refuses the credentials): does it run there, and is the password right?`,
      });
      expect(JSON.stringify([(error as Error).stack, (error as Error).cause])).not.toContain("south-wind");
    });
  });
});

it.each([
  ["nats://user:secret@127.0.0.1:1", /^The backplane at nats:\/\/127\.0\.0\.1:1 can't be used \(ECONNREFUSED\)/],
  ["http://user:secret@127.0.0.1", /^This is no backplane's address: those look like nats:/],
  ["secret", /^This is no backplane's address/],
])("an address that is no good is told in a sentence, without what is secret: %s", async (url, sentence) => {
  const error: unknown = await connectNats({ url }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "bad-argument", message: expect.stringMatching(sentence) });
  expect((error as Error).message).not.toContain("secret");
});

it("a prefix is one that every backplane takes", async () => {
  await expect(connectNats({ url: "nats://127.0.0.1:1", prefix: "a.b" })).rejects.toMatchObject({
    code: "bad-argument",
  });
});
