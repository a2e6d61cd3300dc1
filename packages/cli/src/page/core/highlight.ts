import { wordRanges } from "../../files/search.js";

/** A piece of a line: one of the words that were looked for, or what is between them. */
export interface Piece {
  readonly text: string;
  readonly marked: boolean;
}

/** Cuts a line where the words begin and end. Joined again, the pieces are the line. */
export function highlight(line: string, words: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const { from, to } of wordRanges(line, words)) {
    if (from > done) pieces.push({ text: line.slice(done, from), marked: false });
    pieces.push({ text: line.slice(from, to), marked: true });
    done = to;
  }
  if (done < line.length) pieces.push({ text: line.slice(done), marked: false });
  return pieces;
}
