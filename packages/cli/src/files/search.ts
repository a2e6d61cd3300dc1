/** The words of a query: in any case, in any order. */
export function wordsOf(query: string): string[] {
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
}

export interface MatchingLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** As long as an answer's lines may be. */
const excerptLength = 400;
/** What is shown before the first word of a line that is cut. */
const leadLength = 80;

/** The lines of a text that hold all the words, `most` at most. */
export function matchingLines(text: string, words: readonly string[], most: number): MatchingLine[] {
  if (words.length === 0 || most <= 0) return [];
  const lower = text.toLowerCase();
  // Nearly all files end here.
  if (!words.every((word) => lower.includes(word))) return [];
  const matches: MatchingLine[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const lowerLine = line.toLowerCase();
    if (!words.every((word) => lowerLine.includes(word))) continue;
    matches.push({ line: index + 1, text: excerpt(line, lowerLine, words) });
    if (matches.length === most) break;
  }
  return matches;
}

/** The line, or the piece of it around the first word that it holds. */
function excerpt(line: string, lowerLine: string, words: readonly string[]): string {
  const trimmed = line.trim();
  if (trimmed.length <= excerptLength) return wellFormed(trimmed);
  const first = Math.min(...words.map((word) => lowerLine.indexOf(word)));
  const from = Math.max(0, first - leadLength);
  return wellFormed(line.slice(from, from + excerptLength).trim());
}

/** A cut may fall into the middle of a character, which no peer would take. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** Where the words are in a text: ranges in order, without overlaps. For showing them. */
export function wordRanges(text: string, words: readonly string[]): { readonly from: number; readonly to: number }[] {
  const lower = text.toLowerCase();
  // Rare letters change their length with their case: better no range than a wrong one.
  if (lower.length !== text.length) return [];
  const found: { from: number; to: number }[] = [];
  for (const word of words) {
    for (let at = lower.indexOf(word); at !== -1; at = lower.indexOf(word, at + word.length)) {
      found.push({ from: at, to: at + word.length });
    }
  }
  found.sort((a, b) => a.from - b.from);
  const merged: { from: number; to: number }[] = [];
  for (const range of found) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else merged.push({ ...range });
  }
  return merged;
}
