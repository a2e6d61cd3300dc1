const blockBytes = 1_048_576;

/** So many bytes, in blocks of 1 MiB of which no two are the same. The same wherever they are made. */
export function* blocksOf(bytes: number): Generator<Uint8Array<ArrayBuffer>> {
  for (let from = 0, number = 0; from < bytes; from += blockBytes, number++) {
    const block = new Uint8Array(Math.min(blockBytes, bytes - from)).fill(number & 255);
    if (block.length >= 4) new DataView(block.buffer).setUint32(0, number);
    yield block;
  }
}
