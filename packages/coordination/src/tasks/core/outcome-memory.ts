import type { PeerId } from "@skein/protocol";
import type { Outcome } from "../protocol.js";
import type { RunKey } from "./run-key.js";
import { textOf } from "./run-key.js";

/** How long an outcome is remembered for those who lost their link before it came, and how much of it for one peer. */
export const rememberMs = 60_000;
export const rememberedMost = 64;
export const rememberedBytesMost = 16 * 1024 * 1024;
/** Old ones are looked for this often: what is young costs nothing. */
const sweepEveryMs = 1_000;

export interface Remembered {
  readonly outcome: Outcome;
  readonly parts: number;
  /** About how much memory it takes. */
  readonly bytes: number;
  readonly untilMs: number;
}

/** The outcomes of one peer's tasks, in the order of their coming. */
interface Memory {
  readonly outcomes: Map<string, Remembered>;
  bytes: number;
}

/** What became of tasks, for peers that may ask again. */
export class OutcomeMemory {
  readonly #byPeer = new Map<PeerId, Memory>();
  #sweptMs = Number.NEGATIVE_INFINITY;

  find({ peer, task, attempt }: RunKey): Remembered | undefined {
    return this.#byPeer.get(peer)?.outcomes.get(textOf(task, attempt));
  }

  add({ peer, task, attempt }: RunKey, remembered: Remembered): void {
    const memory = this.#byPeer.get(peer) ?? { outcomes: new Map<string, Remembered>(), bytes: 0 };
    this.#byPeer.set(peer, memory);
    memory.outcomes.set(textOf(task, attempt), remembered);
    memory.bytes += remembered.bytes;
    while (memory.outcomes.size > rememberedMost || memory.bytes > rememberedBytesMost) {
      const [first] = memory.outcomes.keys();
      if (first === undefined) break;
      this.#forget(peer, memory, first);
    }
  }

  forget({ peer, task, attempt }: RunKey): void {
    const memory = this.#byPeer.get(peer);
    if (memory !== undefined) this.#forget(peer, memory, textOf(task, attempt));
  }

  /** Those behind one that is young are younger. */
  sweep(nowMs: number): void {
    if (nowMs < this.#sweptMs + sweepEveryMs) return;
    this.#sweptMs = nowMs;
    for (const [peer, memory] of this.#byPeer) {
      for (const [text, { untilMs }] of memory.outcomes) {
        if (untilMs > nowMs) break;
        this.#forget(peer, memory, text);
      }
    }
  }

  #forget(peer: PeerId, memory: Memory, text: string): void {
    const remembered = memory.outcomes.get(text);
    if (remembered === undefined) return;
    memory.outcomes.delete(text);
    memory.bytes -= remembered.bytes;
    if (memory.outcomes.size === 0) this.#byPeer.delete(peer);
  }
}
