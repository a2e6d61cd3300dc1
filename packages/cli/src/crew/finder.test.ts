import type { PeerId } from "@skein/client";
import type { DelegateOptions, Presence, Tasks } from "@skein/coordination";
import { expect, it } from "vitest";
import { Finder } from "./finder.js";
import { type Hit, holds } from "./protocol.js";

const [fern, moss] = ["fern", "moss"] as PeerId[];
const hit = (line: number): Hit => ({ file: "a.md", line, text: "a heron" });
const { signal } = new AbortController();

/** A room in which one set is held by others, and a task for it goes as told. */
function finderWith(delegate: (options: DelegateOptions) => Promise<unknown>): Finder {
  const meta = { sets: [{ set: "s", files: 2, revision: 0 }] };
  const presence = { peers: [{ id: fern, meta, capabilities: [holds("s")] }] } as unknown as Presence;
  const tasks = { handle: () => () => {}, delegate } as unknown as Tasks;
  return new Finder({ id: "me" as PeerId, presence, tasks, holdings: () => [], searched: () => {} });
}

it("gives what the second worker found alone, where the first was lost in the middle", async () => {
  const seen: number[][] = [];
  const finder = finderWith(async ({ onPart }) => {
    await onPart?.([hit(1), hit(2)], { worker: fern as PeerId, attempt: 1, index: 0 });
    await onPart?.([hit(1)], { worker: moss as PeerId, attempt: 2, index: 0 });
    await onPart?.([hit(2), hit(3)], { worker: moss as PeerId, attempt: 2, index: 1 });
    return { files: 2 };
  });
  const onChange = ({ hits }: { hits: readonly Hit[] }) => void seen.push(hits.map(({ line }) => line));
  const [found] = await finder.find("heron", { most: 10, signal, onChange });
  expect(found).toMatchObject({ set: "s", by: moss, files: 2 });
  expect(found?.hits.map(({ line }) => line)).toEqual([1, 2, 3]);
  expect(seen).toEqual([[1, 2], [1], [1, 2, 3], [1, 2, 3]]);
});

it("takes no more hits than were asked for, and nothing that is none", async () => {
  const finder = finderWith(async ({ onPart }) => {
    for (const part of [[hit(1)], "nonsense", [{ file: 7 }], Array.from({ length: 50 }, (_, line) => hit(line))]) {
      await onPart?.(part, { worker: fern as PeerId, attempt: 1, index: 0 });
    }
    return { files: 1 };
  });
  const [found] = await finder.find("heron", { most: 5, signal });
  expect(found?.hits).toHaveLength(5);
});
