import type { InputOf, OutputOf, PeerId, Schema } from "@skein/protocol";

/** What a task's function gets beside its input. */
export interface TaskContext {
  /** Fires when whoever asked gave up, or has been out of reach for 15 s, or we closed. What the function does then reaches nobody. */
  readonly signal: AbortSignal;
  readonly from: PeerId;
  /** Of this peer, task and attempt: no two runs have the same. For what is kept elsewhere and must not be done twice. */
  readonly key: string;
  /** Tells how far it is: plain data. Where it is called faster than the network takes it, the latest is what is told. */
  progress(value: unknown): void;
}

/**
 * Does a task. An async generator streams its result: each value that it yields is a part, sent in order and no faster than the other
 * side takes them; what it returns is the output.
 */
export type TaskFunction<Input, Output> = (
  input: Input,
  context: TaskContext,
) => Output | Promise<Output> | AsyncGenerator<unknown, Output, void>;

/** What a task's input and result have to be, and how many of them run at once. */
export interface TaskHandling<In extends Schema, Out extends Schema> {
  /** Checks what comes in. Without it, the function gets whatever was sent. */
  readonly input?: In;
  /** Checks what the function returns. */
  readonly output?: Out;
  /** How many may run at once: who asks for more hears that we are busy, and tries another. Default 8. */
  readonly concurrency?: number;
}

/** What a task's function gets: its input, as its schema gives it. */
export type TaskInput<In> = In extends Schema ? OutputOf<In> : unknown;
/** What a task's function returns, or yields in parts. */
export type TaskOutput<Out> = Out extends Schema ? InputOf<Out> : unknown;
