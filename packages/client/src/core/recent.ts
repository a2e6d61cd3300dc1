/** The last that happened, and when. What `isSame` says has happened before is counted instead of being listed once more. */
export class Recent<Happening extends object> {
  #kept: readonly (Happening & Dated)[] = [];
  readonly #most: number;

  /** @param most how many are kept */
  constructor(most: number) {
    this.#most = most;
  }

  /** The oldest first. */
  get all(): readonly (Happening & Dated)[] {
    return this.#kept;
  }

  add(happening: Happening, atMs: number, isSame: (before: Happening) => boolean = () => false): void {
    const before = this.#kept.find(isSame);
    const others = this.#kept.filter((kept) => kept !== before);
    this.#kept = [...others, { ...happening, atMs, times: (before?.times ?? 0) + 1 }].slice(-this.#most);
  }
}

export interface Dated {
  /** The last time that it happened, in milliseconds since 1970. */
  readonly atMs: number;
  /** How often it happened since it is listed. */
  readonly times: number;
}
