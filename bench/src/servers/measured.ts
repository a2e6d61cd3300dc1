import { setImmediate as nextTurn } from "node:timers/promises";

export interface Memory {
  /** Of the whole process, as the system sees it: with what the engine keeps for later, and what it lost to gaps. */
  readonly residentBytes: number;
  /** What objects and buffers hold. */
  readonly heldBytes: number;
}

/** What a server's process can be asked for, whatever server it runs. */
export interface MeasuredServer extends Record<string, (...args: never[]) => unknown> {
  /** Starts the server; gives its address. Ours takes a port too, and how many proxies would stand in front. */
  listen(port?: number, trustedHops?: number): Promise<string>;
  /** Processor time that the process has used, its own and the kernel's for it, in microseconds. */
  cpuMicros(): number;
  /** Resident memory as it is now. */
  residentBytes(): number;
  /** Memory, after garbage was collected. */
  memory(): Promise<Memory>;
}

/** Measures the process it runs in. */
export const measures = {
  cpuMicros(): number {
    const { user, system } = process.cpuUsage();
    return user + system;
  },

  residentBytes: () => process.memoryUsage.rss(),

  async memory(): Promise<Memory> {
    if (globalThis.gc === undefined) throw new Error("Start this process with --expose-gc.");
    // What the first collection sets free (sockets, handles) lets the next ones set more free.
    for (let collection = 0; collection < 4; collection++) {
      globalThis.gc();
      await nextTurn();
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    return { residentBytes: rss, heldBytes: heapUsed + external };
  },
};
