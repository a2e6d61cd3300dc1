import type { ContractBench } from "./bench.js";

/** One thing that an engine does, as the client relies on it. */
export interface ContractCase {
  /** A sentence that is so. */
  readonly name: string;
  /** Needs a way that can be cut: real engines have none here. */
  readonly needs?: "way";
  /** @throws {Error} where the engine does something else */
  run(bench: ContractBench): Promise<void>;
}
