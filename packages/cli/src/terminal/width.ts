import stringWidth from "string-width";

/** How many columns of a terminal a text takes: two for each character of a wide script, none for colours. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

const characters = new Intl.Segmenter();

/** As much of a text without colours as so many columns hold. What was cut off shows as an ellipsis. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  for (const { segment } of characters.segment(text)) {
    if (widthOf(kept + segment) >= columns) break;
    kept += segment;
  }
  return `${kept}…`;
}
