/**
 * What engines agree on. RFC 8032 §5.1.7 leaves room, and they use it: tweetnacl takes a scalar beyond the group's order
 * (so a second signature can be made from a first), OpenSSL takes points of small order (for which one signature fits
 * many messages), NSS takes neither. What would be a matter of the engine is turned away everywhere, as libsodium does.
 */
export function isStrict(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    isSoundPoint(publicKey) && isSoundPoint(signature.subarray(0, 32)) && isBelow(signature.subarray(32), groupOrder)
  );
}

/** Whether 32 bytes write a y coordinate in its one form, of a point that isn't of small order. */
function isSoundPoint(point: Uint8Array): boolean {
  const y = Uint8Array.from(point);
  // The top bit is the sign of x.
  y[31] = (y[31] as number) & 0x7f;
  if (!isBelow(y, fieldPrime)) return false;
  return !smallOrder.some((small) => small.every((byte, i) => byte === y[i]));
}

/** Compares two little-endian numbers of 32 bytes. All of them are public, so time may tell. */
function isBelow(value: Uint8Array, bound: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    if (value[i] !== bound[i]) return (value[i] as number) < (bound[i] as number);
  }
  return false;
}

const fromHex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

/** 2^255 - 19. */
const fieldPrime = fromHex(`ed${"ff".repeat(30)}7f`);
/** 2^252 + 27742317777372353535851937790883648493. */
const groupOrder = fromHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
/** The y of the eight points whose order divides eight: 0, 1, -1, and two more. */
const smallOrder = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map(fromHex);
