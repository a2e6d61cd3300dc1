import { expect, it } from "vitest";
import { deferred } from "../process/deferred.js";
import { PacedSender } from "./paced-sender.js";
import type { ReadReply } from "./protocol.js";

const pieceBytes = 1024;
const never = async (): Promise<never> => {
  throw new Error("isn't asked for");
};

/** A sender that answers when it is told to. */
function slowSender() {
  const open: { readonly offset: number; answer(): void; fail(): void }[] = [];
  const read = (_entry: number, offset: number, length: number): Promise<ReadReply> => {
    const reply = deferred<ReadReply>();
    const answer = () => reply.resolve({ is: "piece", bytes: new Uint8Array(length) });
    open.push({ offset, answer, fail: () => reply.reject(new Error("lost")) });
    return reply.promise;
  };
  return { open, sender: { list: never, digest: never, read } };
}

it("lets one go at first, however many ask in the same moment, and the others in their order", async () => {
  const { open, sender } = slowSender();
  const paced = new PacedSender(sender, pieceBytes);
  const offsets = Array.from({ length: 20 }, (_, i) => i * pieceBytes);
  const replies = offsets.map((offset) => paced.read(0, offset, pieceBytes));
  await Promise.resolve();
  expect(open).toHaveLength(1);
  for (const [index, reply] of replies.entries()) {
    open[index]?.answer();
    await reply;
    await new Promise(setImmediate);
  }
  expect(open.map(({ offset }) => offset)).toEqual(offsets);
  expect(paced.carriedBytes).toBe(20 * pieceBytes);
});

it("lets the next go where one failed", async () => {
  const { open, sender } = slowSender();
  const paced = new PacedSender(sender, pieceBytes);
  const first = paced.read(0, 0, pieceBytes);
  const second = paced.read(0, pieceBytes, pieceBytes);
  await Promise.resolve();
  open[0]?.fail();
  await expect(first).rejects.toThrow("lost");
  await new Promise(setImmediate);
  open[1]?.answer();
  expect(await second).toMatchObject({ is: "piece" });
});
