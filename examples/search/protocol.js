// What agents that search have in common: how a share of the books is named, and what a search is.
import * as v from "valibot";

/** The capability of who holds a share. */
export const holds = (share) => `acme.library/holds-${share}`;

export const searchTask = "acme.library/search";
export const searchInput = v.object({ share: v.number(), word: v.pipe(v.string(), v.minLength(1)) });
/** Checked by who asks: a worker is believed no further than this. */
export const searchOutput = v.array(v.object({ book: v.string(), line: v.number(), text: v.string() }));
