/** Something that comes in pieces, and can be waited for. */
export class Told<Item> {
  readonly items: Item[] = [];
  readonly #wakers = new Set<() => void>();

  add(item: Item): void {
    this.items.push(item);
    for (const wake of this.#wakers) wake();
  }

  async first(fits: (item: Item) => boolean): Promise<Item> {
    for (;;) {
      const found = this.items.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#wakers.add(resolve));
    }
  }
}
