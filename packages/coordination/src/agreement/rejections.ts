/** How many of the latest rejections are kept. */
const keptMost = 100;

/** What others said that wasn't believed: counted by reason, and the latest kept as evidence. */
export class Rejections<Rejection extends { readonly reason: string }> {
  readonly #counts = new Map<string, number>();
  readonly #latest: Rejection[] = [];

  add(rejection: Rejection): void {
    this.#counts.set(rejection.reason, (this.#counts.get(rejection.reason) ?? 0) + 1);
    this.#latest.push(rejection);
    if (this.#latest.length > keptMost) this.#latest.shift();
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  get latest(): readonly Rejection[] {
    return [...this.#latest];
  }
}
