/** Gives `length` random bytes fit for keys. Passed in everywhere, so that a simulated world can repeat itself. */
export type RandomBytes = (length: number) => Uint8Array;

/** The platform's own source: `crypto.getRandomValues`. */
export const platformRandom: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));
