import { End } from "./end.js";

/** Which of the two connections, each on a machine of its own where the platform has machines. */
export type Side = "one" | "other";

/** What runs the contract: an engine, time that passes for it, and a way between the two that can be cut, where that is possible. */
export interface ContractPlatform {
  /** A connection for one side. */
  make(side: Side, configuration?: RTCConfiguration): RTCPeerConnection;
  /** Gives what cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** How long a case waits for one thing until it fails, in milliseconds. */
  readonly patienceMs: number;
  /** The way between both sides, where the platform can cut it. */
  readonly way?: {
    /** Lets nothing through, until it is healed. */
    cut(): void;
    /** Lets all through again. */
    heal(): void;
  };
}

const pollMs = 5;

/** What one case has: two fresh connections, and ways to wait for what they do. */
export class ContractBench {
  readonly #platform: ContractPlatform;
  readonly #ends = new Map<Side, End>();

  constructor(platform: ContractPlatform) {
    this.#platform = platform;
  }

  get one(): End {
    return this.#end("one");
  }

  get other(): End {
    return this.#end("other");
  }

  /** @throws {Error} where the platform has none: its cases aren't run there. */
  get way(): { cut(): void; heal(): void } {
    if (this.#platform.way === undefined) throw new Error("no way to cut");
    return this.#platform.way;
  }

  /** Resolves once something is so. @throws {ContractFailure} where it doesn't come to be */
  async until(what: string, holds: () => boolean, patienceMs = this.#platform.patienceMs): Promise<void> {
    let isLate = false;
    const cancel = this.#platform.after(patienceMs, () => {
      isLate = true;
    });
    while (!holds() && !isLate) await this.pass(pollMs);
    cancel();
    if (!holds()) throw new ContractFailure(`${what}: never`);
  }

  /** What a promise gives. @throws {ContractFailure} where it gives nothing in time */
  async settled<Value>(what: string, promise: Promise<Value>): Promise<Value> {
    let cancel = (): void => {};
    const late = new Promise<never>((_resolve, reject) => {
      cancel = this.#platform.after(this.#platform.patienceMs, () => reject(new ContractFailure(`${what}: never`)));
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      cancel();
    }
  }

  /** Holds that a promise is rejected, by the name of its error. */
  async refused(what: string, promise: Promise<unknown>, name: string): Promise<void> {
    const outcome = await this.settled(
      what,
      promise.then(() => "taken", nameOf),
    );
    equal(what, outcome, name);
  }

  /** Time passes. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#platform.after(ms, resolve);
    });
  }

  /** All that a case left open. */
  close(): void {
    for (const { rtc } of this.#ends.values()) rtc.close();
  }

  #end(side: Side): End {
    const known = this.#ends.get(side) ?? new End(this.#platform.make(side, { iceServers: [] }));
    this.#ends.set(side, known);
    return known;
  }
}

/** An engine does something else than the contract says. */
export class ContractFailure extends Error {
  override readonly name = "ContractFailure";
}

/** Holds that two values read alike as JSON. */
export function equal(what: string, actual: unknown, expected: unknown): void {
  const [is, shouldBe] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== shouldBe) throw new ContractFailure(`${what}: ${is}, not ${shouldBe}`);
}

/** Holds that a call throws, by the name of its error. */
export function throws(what: string, call: () => unknown, name: string): void {
  equal(what, outcomeOf(call), name);
}

function outcomeOf(call: () => unknown): string {
  try {
    call();
    return "taken";
  } catch (error) {
    return nameOf(error);
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
