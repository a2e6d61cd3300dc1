/** What is asked for in pieces, and how much of it. */
export interface Pieces {
  /** Where the first begins. */
  readonly from: number;
  /** Where the last ends. */
  readonly until: number;
  readonly pieceBytes: number;
  /** Pieces asked for at once: enough to keep a link busy between two answers. */
  readonly atOnce: number;
}

/** A file's pieces in order, with some asked for ahead. An empty file has one. At its end nothing is under way any more. */
export async function* inPieces<Piece>(
  { from, until, pieceBytes, atOnce }: Pieces,
  ask: (offset: number, length: number) => Promise<Piece>,
): AsyncGenerator<{ readonly piece: Piece; readonly offset: number; readonly length: number }> {
  const asked: { readonly piece: Promise<Piece>; readonly offset: number; readonly length: number }[] = [];
  let next = from;
  let done = false;
  try {
    while (!done || asked.length > 0) {
      while (!done && asked.length < atOnce) {
        const length = Math.min(pieceBytes, until - next);
        const piece = ask(next, length);
        // Whoever waits for an earlier one hears of its failure first.
        piece.catch(() => {});
        asked.push({ piece, offset: next, length });
        next += length;
        done = next >= until;
      }
      const first = asked.shift();
      if (first !== undefined) yield { ...first, piece: await first.piece };
    }
  } finally {
    await Promise.allSettled(asked.map(({ piece }) => piece));
  }
}
