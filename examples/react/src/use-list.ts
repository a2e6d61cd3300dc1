import type { Room } from "@skein/client";
import { useCallback, useEffect, useState } from "react";
import { list } from "./list-protocol.ts";

type Change = (lines: ReadonlySet<string>) => ReadonlySet<string>;

const adding =
  (...more: readonly string[]): Change =>
  (lines) =>
    new Set([...lines, ...more]);

const without =
  (line: string): Change =>
  (lines) =>
    new Set([...lines].filter((each) => each !== line));

/** A list that everyone in the room has: changes go to all, and who comes later asks whoever is there. */
export function useList(room: Room | undefined) {
  const [lines, setLines] = useState<ReadonlySet<string>>(new Set());

  useEffect(() => {
    if (room === undefined) return;
    const stops = [
      room.handle(list.added, (line) => setLines(adding(line))),
      room.handle(list.done, (line) => setLines(without(line))),
      room.on("peer-connected", async (peer) => {
        // One that leaves meanwhile has nothing to tell.
        const theirs = await room.request(peer, list.all, null).catch(() => []);
        setLines(adding(...theirs));
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [room]);

  useEffect(() => room?.handle(list.all, () => [...lines]), [room, lines]);

  const add = useCallback(
    (line: string) => {
      setLines(adding(line));
      return room?.broadcast(list.added, line);
    },
    [room],
  );
  const done = useCallback(
    (line: string) => {
      setLines(without(line));
      return room?.broadcast(list.done, line);
    },
    [room],
  );
  return { lines, add, done };
}
