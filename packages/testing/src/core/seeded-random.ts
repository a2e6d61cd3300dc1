/**
 * Randomness that a seed decides: the same seed gives the same numbers, on every platform. sfc32 (Chris Doty-Humphrey, PractRand), seeded by
 * SplitMix32. For tests alone: whoever sees some of it can tell the rest.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed any number; its lower 32 bits count, and those above them where there are any. */
  constructor(seed: number) {
    const next = splitMix32(seed ^ Math.floor(seed / 2 ** 32));
    this.#a = next();
    this.#b = next();
    this.#c = next();
    // The first numbers of close seeds are alike.
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** From 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** From 0 to 1, without 1. */
  unit(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number from 0 to `below - 1`. */
  below(below: number): number {
    return Math.floor(this.unit() * below);
  }

  /** From `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.unit() * (most - least);
  }

  /** True with that probability, from 0 to 1. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** One of them. */
  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError("There is nothing to pick from.");
    return items[this.below(items.length)] as Item;
  }

  /** So many bytes by chance. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.uint32() & 0xff;
    return bytes;
  }

  /** Another source, which what is drawn from this one later doesn't change. */
  fork(): SeededRandom {
    return new SeededRandom(this.uint32());
  }
}

function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
