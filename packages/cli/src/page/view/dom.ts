/** Looks up an element that index.html has. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`index.html has no ${kind.name} of id ${id}`);
}

/** Makes an element. Children that are text become text nodes, never markup. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/** Makes an SVG element. */
export function draw<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  className: string,
  ...children: readonly Node[]
): SVGElementTagNameMap[Tag] {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", tag);
  drawn.setAttribute("class", className);
  drawn.append(...children);
  return drawn;
}

/** A button that does one thing. `label` says what to screen readers, where its text is too short for that. */
export function button(className: string, text: string, label: string, act: () => void): HTMLButtonElement {
  const made = make("button", className, text);
  made.type = "button";
  if (label !== text) made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

/** Sets a text, and leaves it alone where it says that already: screen readers repeat what is set anew. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** One shown item of a list: its node, and how it follows the item's changes. */
export interface ItemView<Item> {
  readonly node: HTMLElement;
  update(item: Item): void;
}

/** Shows a list, one node an item, and keeps the nodes (and the focus in them) for as long as their items stay. */
export class KeyedList<Item> {
  readonly #parent: HTMLElement;
  readonly #keyOf: (item: Item) => string | number;
  readonly #create: (item: Item) => ItemView<Item>;
  #views = new Map<string | number, ItemView<Item>>();

  constructor(parent: HTMLElement, keyOf: (item: Item) => string | number, create: (item: Item) => ItemView<Item>) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#create = create;
  }

  show(items: readonly Item[]): void {
    const before = this.#views;
    this.#views = new Map();
    for (const item of items) {
      const key = this.#keyOf(item);
      const view = before.get(key) ?? this.#create(item);
      view.update(item);
      this.#views.set(key, view);
    }
    for (const [key, { node }] of before) if (!this.#views.has(key)) node.remove();
    let next = this.#parent.firstChild;
    for (const { node } of this.#views.values()) {
      if (node === next) next = next.nextSibling;
      else this.#parent.insertBefore(node, next);
    }
  }
}
