/** What can be done to a server that shouldn't be. */
export const abuses = [
  "joins",
  "forwards",
  "signals",
  "oversize",
  "drip",
  "half-open",
  "scan",
  "tokens",
  "bombs",
] as const;
export type Abuse = (typeof abuses)[number];

/** What an abuser's process can be asked for. */
export interface AbuseMethods extends Record<string, (...args: never[]) => unknown> {
  /** Begins, and goes on until it is stopped. */
  start(kind: Abuse, url: string): Promise<void>;
  stop(): void;
}
