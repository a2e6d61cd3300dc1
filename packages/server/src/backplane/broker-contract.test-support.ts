import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backplane } from "./backplane.js";
import { Broker, type BrokerKind, hasBroker } from "./broker.test-support.js";
import { testBackplane } from "./contract.test-support.js";

type Connect = (options: { readonly url: string; readonly prefix?: string }) => Promise<Backplane>;

/** What every backplane keeps that is a server of its own: the contract, passwords, addresses. */
export function testBroker(kind: BrokerKind, connect: Connect): void {
  describe.skipIf(!hasBroker(kind))(`with ${kind}-server`, () => {
    testBackplane(kind, async () => {
      const broker = await Broker.start(kind);
      return {
        connect: () => connect({ url: broker.url }),
        stop: () => broker.kill(),
        start: () => broker.start(),
        close: () => broker.close(),
      };
    });

    describe("a password", () => {
      const password = "north-wind";
      let broker: Broker;

      beforeAll(async () => {
        broker = await Broker.start(kind, password);
      });
      afterAll(() => broker.close());

      it("is taken from the address, and told to nobody", async () => {
        const url = (of: string) => `${kind}://skein:${of}@127.0.0.1:${broker.port}`;
        const backplane = await connect({ url: url(password).replace("skein:", kind === "redis" ? ":" : "skein:") });
        await backplane.close();
        const error: unknown = await connect({ url: url("south-wind") }).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({
          code: "bad-argument",
          message: `The backplane at ${broker.url} can't be used (it refuses the credentials): does it run there, and is the password right?`,
        });
        expect(JSON.stringify([(error as Error).stack, (error as Error).cause])).not.toContain("south-wind");
      });
    });
  });

  it.each([
    [`${kind}://user:secret@127.0.0.1:1`, `The backplane at ${kind}://127.0.0.1:1 can't be used (ECONNREFUSED)`],
    ["http://user:secret@127.0.0.1", `This is no backplane's address: those look like ${kind}:`],
    ["secret", "This is no backplane's address"],
  ])("an address that is no good is told in a sentence, without what is secret: %s", async (url, beginning) => {
    const error: unknown = await connect({ url }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "bad-argument" });
    expect((error as Error).message.slice(0, beginning.length)).toBe(beginning);
    expect((error as Error).message).not.toContain("secret");
  });

  it("a prefix is one that every backplane takes", async () => {
    await expect(connect({ url: `${kind}://127.0.0.1:1`, prefix: "a.b" })).rejects.toMatchObject({
      code: "bad-argument",
    });
  });
}
