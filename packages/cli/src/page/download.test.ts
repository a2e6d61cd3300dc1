import { createHash } from "node:crypto";
import { SkeinError } from "@skein/client";
import { expect, it } from "vitest";
import { chunkBytes } from "../files/protocol.js";
import { download, type Source } from "./download.js";

const file = Uint8Array.from({ length: chunkBytes * 40 + 7 }, (_, index) => (index * 31) % 251);
const sha256 = createHash("sha256").update(file).digest("hex");
const quiet = new AbortController().signal;

function holder(change: Partial<Source> = {}): Source {
  return {
    stat: async () => ({ bytes: file.length, sha256 }),
    read: async (offset, length) => file.slice(offset, offset + length),
    ...change,
  };
}

it("puts a file together in order, and checks it", async () => {
  const seen: number[] = [];
  const { blob, verified } = await download(holder(), quiet, (bytes) => seen.push(bytes));
  expect(new Uint8Array(await blob.arrayBuffer())).toEqual(file);
  expect(verified).toBe(true);
  expect(seen.at(-1)).toBe(file.length);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
});

it("takes an empty file", async () => {
  const empty = createHash("sha256").digest("hex");
  const { blob, verified } = await download(
    holder({ stat: async () => ({ bytes: 0, sha256: empty }) }),
    quiet,
    () => {},
  );
  expect([blob.size, verified]).toEqual([0, true]);
});

it("tells a file that isn't what was named", async () => {
  const { verified } = await download(
    holder({ read: async (_offset, length) => new Uint8Array(length) }),
    quiet,
    () => {},
  );
  expect(verified).toBe(false);
});

it("asks again where the link was lost on the way", async () => {
  const lost = new Set<number>();
  const read: Source["read"] = async (offset, length) => {
    if (lost.has(offset)) return file.slice(offset, offset + length);
    lost.add(offset);
    throw new SkeinError("link-lost", "gone");
  };
  expect((await download(holder({ read }), quiet, () => {})).verified).toBe(true);
});

it("gives up where the link is lost every time", async () => {
  const read = async () => {
    throw new SkeinError("link-lost", "gone");
  };
  await expect(download(holder({ read }), quiet, () => {})).rejects.toMatchObject({ code: "link-lost" });
});

it("refuses parts of another length, and stops asking for the rest", async () => {
  let asked = 0;
  const read = async () => {
    asked += 1;
    return new Uint8Array(1);
  };
  await expect(download(holder({ read }), quiet, () => {})).rejects.toMatchObject({ code: "bad-message" });
  expect(asked).toBeLessThanOrEqual(16);
});

it("takes no memory for a size that is only claimed", async () => {
  const stat = async () => ({ bytes: Number.MAX_SAFE_INTEGER, sha256 });
  await expect(download(holder({ stat }), quiet, () => {})).rejects.toMatchObject({ code: "too-large" });
});

it("stops when it is told to", async () => {
  const stop = new AbortController();
  const running = download(holder(), stop.signal, () => stop.abort());
  await expect(running).rejects.toMatchObject({ code: "aborted" });
});
