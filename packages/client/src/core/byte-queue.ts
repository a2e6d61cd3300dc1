/** Bytes in the order they came. They are kept in blocks of this size, however they came. */
export const blockBytes = 16 * 1024;

interface Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  filled: number;
}

/**
 * Bytes that wait for their reader. They are copied: kept as they came, small ones would hold whole frames, and a peer that
 * sends one at a time would have us keep an array for each.
 */
export class ByteQueue {
  #blocks: Block[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; ) {
      const block = this.#roomyBlock(bytes.length - offset);
      const part = bytes.subarray(offset, offset + block.bytes.length - block.filled);
      block.bytes.set(part, block.filled);
      block.filled += part.length;
      offset += part.length;
    }
    this.#length += bytes.length;
  }

  /** The next bytes, for their reader to keep; undefined where there are none. */
  shift(): Uint8Array<ArrayBuffer> | undefined {
    const block = this.#blocks.shift();
    if (block === undefined) return undefined;
    this.#length -= block.filled;
    return block.bytes.subarray(0, block.filled);
  }

  clear(): void {
    this.#blocks = [];
    this.#length = 0;
  }

  /** The last block where it has room; otherwise that one, doubled, while it is small, or a new one. */
  #roomyBlock(comingBytes: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.filled < last.bytes.length) return last;
    if (last !== undefined && last.bytes.length < blockBytes / 2) return this.#grow(last, comingBytes);
    const block = { bytes: new Uint8Array(Math.min(blockBytes, comingBytes)), filled: 0 };
    this.#blocks.push(block);
    return block;
  }

  #grow(last: Block, comingBytes: number): Block {
    const bytes = new Uint8Array(Math.min(blockBytes, Math.max(2 * last.filled, last.filled + comingBytes)));
    bytes.set(last.bytes);
    const block = { bytes, filled: last.filled };
    this.#blocks[this.#blocks.length - 1] = block;
    return block;
  }
}
