/**
 * The shortest bytes that still do what these do, as far as leaving out parts of them gets: halves at first, single bytes at last. Then each byte
 * is 0 where that changes nothing.
 */
export function shortest(bytes: Uint8Array, stillDoes: (bytes: Uint8Array) => boolean): Uint8Array {
  let best = bytes;
  for (let part = best.length >> 1; part >= 1; part >>= 1) {
    for (let at = 0; at + part <= best.length; ) {
      const without = cut(best, at, part);
      if (stillDoes(without)) best = without;
      else at += part;
    }
  }
  return blank(best, stillDoes);
}

function cut(bytes: Uint8Array, at: number, count: number): Uint8Array {
  const rest = new Uint8Array(bytes.length - count);
  rest.set(bytes.subarray(0, at));
  rest.set(bytes.subarray(at + count), at);
  return rest;
}

function blank(bytes: Uint8Array, stillDoes: (bytes: Uint8Array) => boolean): Uint8Array {
  let best = bytes;
  for (const [at, byte] of bytes.entries()) {
    if (byte === 0) continue;
    const blanked = best.slice();
    blanked[at] = 0;
    if (stillDoes(blanked)) best = blanked;
  }
  return best;
}
