import { limits, type PeerId, peerIdOf, peerKeyOf } from "@skein/protocol";
import * as v from "valibot";

export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const name = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.nameLength));
export const finite = v.pipe(v.number(), v.finite());

const byteString = v.custom<Uint8Array>((value) => value instanceof Uint8Array, "expected bytes");

/** Exactly so many bytes, copied: what they came in isn't ours to keep. */
export function bytes(length: number) {
  return v.pipe(
    byteString,
    v.check((value) => value.length === length, `expected ${length} bytes`),
    v.transform((value): Uint8Array => Uint8Array.from(value)),
  );
}

export function bytesUpTo(most: number) {
  return v.pipe(
    byteString,
    v.check((value) => value.length <= most, `expected ${most} bytes at most`),
    v.transform((value): Uint8Array => Uint8Array.from(value)),
  );
}

/** A peer as the 32 bytes of its key, either way. */
export const peer = v.pipe(
  bytes(32),
  v.transform((key): PeerId => peerIdOf(key)),
);

export function keysOf(ids: readonly PeerId[]): Uint8Array[] {
  return ids.map((id) => peerKeyOf(id));
}

export const signature = bytes(64);
