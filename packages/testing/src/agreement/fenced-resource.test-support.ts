import { Fence } from "@skein/coordination";

/** A resource behind a fence, which knows by itself whether a token is older than another. */
export class FencedResource {
  readonly #name: string;
  readonly #fence = new Fence();
  #latest: readonly (number | string)[] = [];
  #problem: string | undefined;
  admitted = 0;
  refused = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** What went wrong with it so far. */
  get problem(): string | undefined {
    return this.#problem;
  }

  write(token: string): void {
    if (!this.#fence.admit(token)) {
      this.refused++;
      return;
    }
    this.admitted++;
    const parts = partsOf(token);
    if (isOlder(parts, this.#latest)) {
      this.#problem ??= `${this.#name} let ${token} pass after ${this.#latest.join(".")}`;
    }
    this.#latest = parts;
  }
}

/** Its term, its leader, and the number of its grant where it is a lock's: as numbers, not as the text that a fence compares. */
function partsOf(token: string): (number | string)[] {
  const [term = "", id = "", grant] = token.split(".");
  return grant === undefined ? [Number(term), id] : [Number(term), id, Number(grant)];
}

function isOlder(parts: readonly (number | string)[], than: readonly (number | string)[]): boolean {
  for (const [i, part] of parts.entries()) {
    const other = than[i];
    if (other === undefined || part === other) continue;
    return part < other;
  }
  return false;
}
