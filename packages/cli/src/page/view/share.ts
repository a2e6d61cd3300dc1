import { bytesText, countText } from "../../terminal/units.js";
import type { ShelfEntry } from "../shelf.js";
import type { State } from "../store.js";
import { button, byId, type ItemView, KeyedList, make, setText } from "./dom.js";

export interface ShareActions {
  add(files: readonly File[]): void;
  remove(name: string): void;
}

/** Our own share: files that are dropped anywhere on the page, or picked. */
export class ShareView {
  readonly #summary = byId("share-summary", HTMLElement);
  readonly #list: KeyedList<ShelfEntry>;
  #shown: readonly ShelfEntry[] | undefined;

  constructor(actions: ShareActions) {
    const parent = byId("share", HTMLElement);
    this.#list = new KeyedList(
      parent,
      ({ name }) => name,
      (entry) => item(entry, actions),
    );
    const picker = byId("share-picker", HTMLInputElement);
    picker.addEventListener("change", () => {
      actions.add([...(picker.files ?? [])]);
      // The same file can be picked again after it was removed.
      picker.value = "";
    });
    acceptDrops(actions);
  }

  show({ share }: State): void {
    if (share === this.#shown) return;
    this.#shown = share;
    this.#list.show(share);
    const bytes = share.reduce((sum, entry) => sum + entry.bytes, 0);
    setText(
      this.#summary,
      share.length === 0
        ? "Drop files anywhere on this page. They stay here; other agents can search and fetch them while it is open."
        : `${countText(share.length, "file")}, ${bytesText(bytes)}. Other agents find them while this page is open.`,
    );
  }
}

function item({ name, bytes, searched }: ShelfEntry, actions: ShareActions): ItemView<ShelfEntry> {
  const label = make("span", "path", name);
  label.title = name;
  const size = make("span", "file-bytes", searched ? bytesText(bytes) : `${bytesText(bytes)}, not searched`);
  const remove = button("quiet", "Remove", `Stop sharing ${name}`, () => actions.remove(name));
  return { node: make("li", "file-row", label, size, remove), update: () => {} };
}

function acceptDrops(actions: ShareActions): void {
  const page = document.documentElement;
  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    page.dataset.dropping = "";
  });
  document.addEventListener("dragleave", (event) => {
    // Also fires between elements; only the way out of the page has nothing on the other side.
    if (event.relatedTarget === null) delete page.dataset.dropping;
  });
  document.addEventListener("drop", (event) => {
    delete page.dataset.dropping;
    if (!holdsFiles(event)) return;
    event.preventDefault();
    actions.add([...(event.dataTransfer?.files ?? [])]);
  });
}
