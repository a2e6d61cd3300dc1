import type { OutputOf, PeerId, Schema } from "@skein/protocol";

/** Where a part of a streamed result belongs. A higher `attempt` than before: another worker began anew, what came before is void. */
export interface PartPlace {
  readonly worker: PeerId;
  readonly attempt: number;
  /** From 0. */
  readonly index: number;
}

/** What a task is, and how it is given away. */
export interface DelegateOptions<Out extends Schema | undefined = undefined> {
  readonly name: string;
  /** Capabilities that its worker must have beside doing tasks of this name. */
  readonly requires?: readonly string[];
  /** This peer and nobody else. */
  readonly to?: PeerId;
  /** Plain data, as a message's body. */
  readonly input?: unknown;
  /** Checks what comes back. A worker whose output doesn't fit is taken for one that failed: another one gets the task. */
  readonly output?: Out;
  /** When it fails with `timeout`, whatever is under way. Default 60,000. */
  readonly timeoutMs?: number;
  /** How many workers may get it, one after the other. With 1, no two functions ever run for it. Default 3. */
  readonly attempts?: number;
  /** How long a worker may say nothing of it (progress, a part) before another one that is free gets it. Default: `timeoutMs / attempts`. */
  readonly attemptMs?: number;
  /** How long to wait where nobody can do it at all. Default 5,000, or `timeoutMs` where that is less. */
  readonly nobodyMs?: number;
  /** Ends the wait with `aborted`, and fires the worker's signal. */
  readonly signal?: AbortSignal;
  /** Told what the worker tells by `progress`. */
  readonly onProgress?: (value: unknown, place: Omit<PartPlace, "index">) => void;
  /** Takes the parts of a streamed result, in order. While it waits, its worker is held back. */
  readonly onPart?: (value: unknown, place: PartPlace) => void | Promise<void>;
}

/** As {@link DelegateOptions}, for many. */
export interface MapOptions<Item, Out extends Schema | undefined = undefined>
  extends Omit<DelegateOptions<Out>, "input" | "onProgress" | "onPart"> {
  /** Makes a task's input of an item. Default: the item itself. */
  readonly input?: (item: Item, index: number) => unknown;
  /** How many tasks may be under way, or done and not yet taken. Default 16. */
  readonly inFlight?: number;
}

/** What a delegated task resolves with. */
export type Delegated<Out> = Out extends Schema ? OutputOf<Out> : unknown;
