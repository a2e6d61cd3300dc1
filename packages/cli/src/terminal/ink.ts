import { stripVTControlCharacters, styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Colours a text where it goes to a terminal that wants colours; leaves it alone elsewhere. */
export type Ink = (style: Style, text: string) => string;

/** https://no-color.org: any value but the empty one says no. */
export function createInk(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv = process.env): Ink {
  const { NO_COLOR: refused, TERM: terminal } = environment;
  const coloured = stream.isTTY === true && !refused && terminal !== "dumb";
  return coloured ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}

const controls = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu;

/** A text that others wrote, without what would move the cursor, change colours or turn the line around. */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replaceAll("\t", "  ").replace(controls, "·");
}
