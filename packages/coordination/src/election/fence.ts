/**
 * A fencing token: whoever got one later has a greater one. Tokens compare as plain texts (`<` in JavaScript, `COLLATE "C"` in
 * SQL), so that a database can refuse what is late. It begins with the leader's term, 16 digits, and its id.
 */
export type FencingToken = string;

/** @internal */
export function tokenOf(term: number, id: string): FencingToken {
  return `${String(term).padStart(16, "0")}.${id}`;
}

/**
 * Stands before a resource that one at a time may change: refuses whoever comes with an older token than was seen. A
 * lease alone can't do that, since between looking at it and acting a process may pause for as long as it likes.
 *
 * The highest token must be kept as safe as the resource itself. Where that is a database, compare there, in the transaction
 * that writes; this is for resources that one process owns.
 *
 * @example
 * const fence = new Fence();
 * function write(token, text) {
 *   if (!fence.admit(token)) throw new Error("Another leads by now.");
 *   file.write(text);
 * }
 */
export class Fence {
  #latest: FencingToken | undefined;

  /** @param latest the highest token seen before, where it was kept */
  constructor(latest?: FencingToken) {
    this.#latest = latest;
  }

  /** The highest token seen. */
  get latest(): FencingToken | undefined {
    return this.#latest;
  }

  /** Whether this token isn't older than any seen; it counts as seen from now on. */
  admit(token: FencingToken): boolean {
    if (this.#latest !== undefined && token < this.#latest) return false;
    this.#latest = token;
    return true;
  }
}
