import { plainText } from "../core/text.js";
import { make } from "./dom.js";

/** A path from a peer, its last part before the eye. */
export function pathView(path: string): HTMLElement {
  const shown = plainText(path, 240);
  const cut = shown.lastIndexOf("/") + 1;
  const folder = make("span", "path-folder", shown.slice(0, cut));
  const node = make("span", "path", folder, make("span", "path-file", shown.slice(cut)));
  node.title = shown;
  return node;
}
