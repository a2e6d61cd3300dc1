export interface Part {
  readonly offset: number;
  readonly length: number;
}

/** How a file of so many bytes is cut, in order. */
export function* partsOf(bytes: number, partBytes: number): Generator<Part> {
  for (let offset = 0; offset < bytes; offset += partBytes) {
    yield { offset, length: Math.min(partBytes, bytes - offset) };
  }
}
