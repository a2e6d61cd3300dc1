import type { Room } from "@skein/client";
import { type ArtifactStore, artifactsProtocol, tasksProtocol } from "@skein/coordination";
import type { PeerId } from "@skein/protocol";
import type { SeededRandom } from "../core/seeded-random.js";

/** A peer that says what isn't so: of tasks whose keys it knows, of artifacts that it has, and of some that it hasn't. */
export class Liar {
  readonly #random: SeededRandom;
  #room: Room | undefined;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  enter(room: Room): void {
    this.#room = room;
  }

  /** Gives other bytes than it keeps, now and then. */
  storeOver(kept: ArtifactStore): ArtifactStore {
    return {
      list: () => kept.list(),
      draft: (name) => kept.draft(name),
      remove: (id) => kept.remove(id),
      close: () => kept.close(),
      read: async (id, index) => {
        const bytes = (await kept.read(id, index))?.slice();
        if (bytes !== undefined && index === 1) bytes[0] = (bytes[0] ?? 0) ^ 1;
        return bytes;
      },
    };
  }

  /** @param runs of everyone, as `name peer/task/attempt`. */
  lie(to: PeerId, runs: readonly string[]): void {
    const random = this.#random;
    const room = this.#room;
    if (room === undefined || !room.peers.has(to)) return;
    const [, task = "none", attempt = "1"] = (runs.length > 0 ? random.pick(runs) : "").split("/");
    const key = { task, attempt: Number(attempt) };
    const id = new Uint8Array(32).fill(random.below(256));
    const lies = [
      () => room.send(to, tasksProtocol.done, { ...key, output: -1 }),
      () => room.send(to, tasksProtocol.refused, { ...key, is: "unknown" }),
      () => room.send(to, tasksProtocol.failed, { ...key, code: "x", message: "y" }),
      () => room.send(to, tasksProtocol.cancel, key),
      () => room.send(to, tasksProtocol.part, { ...key, index: 0, value: 1 }),
      () => room.send(to, tasksProtocol.run, { ...key, name: "double", input: -1, again: { parts: 0 } }),
      () => room.send(to, artifactsProtocol.have, { artifacts: [{ id, bytes: random.below(1_000_000) }] }),
      () => room.send(to, artifactsProtocol.list, { id, bytes: 1, hashes: new Uint8Array(32) }),
      () => room.send(to, artifactsProtocol.chunk, { id, index: random.below(6), bytes: new Uint8Array(9) }),
      () => room.send(to, artifactsProtocol.lack, { id }),
    ];
    random
      .pick(lies)()
      .catch(() => {});
  }
}
