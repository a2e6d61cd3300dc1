import { SkeinError } from "@skein/protocol";

/** What an artifact can be made of. A `File` is a `Blob`. */
export type ArtifactSource =
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>;

/** A source in pieces of one size, the last one aside, each a copy of its own. Never holds more than one of them. */
export async function* chunksOf(source: ArtifactSource, pieceBytes: number): AsyncGenerator<Uint8Array, void, void> {
  let piece = new Uint8Array(pieceBytes);
  let filled = 0;
  for await (const bytes of partsOf(source)) {
    mustBeBytes(bytes);
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + pieceBytes - filled);
      piece.set(part, filled);
      from += part.length;
      filled += part.length;
      if (filled < pieceBytes) continue;
      yield piece;
      piece = new Uint8Array(pieceBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.slice(0, filled);
}

function partsOf(source: ArtifactSource): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (source instanceof Uint8Array) return [source];
  if (typeof Blob !== "undefined" && source instanceof Blob) return streamed(source.stream());
  if (source instanceof ReadableStream) return streamed(source);
  return source as AsyncIterable<Uint8Array>;
}

/** Streams can't be iterated everywhere. */
async function* streamed(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const reader = stream.getReader();
  let isOver = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      isOver = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!isOver) await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}

function mustBeBytes(bytes: unknown): void {
  if (bytes instanceof Uint8Array) return;
  throw new SkeinError("bad-argument", "An artifact is made of bytes: give Uint8Arrays, a Blob, or a stream of them.");
}
