import type { ByteStream, PeerId, Room } from "@skein/client";

const chunkBytes = 50_000;

/** The byte at each place of what the tests send. */
const byteAt = (place: number) => (place * 31 + (place >> 8)) & 0xff;

function pattern(offset: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => byteAt(offset + i));
}

/** What a reader got: how many bytes, and where the first wrong one was, or -1. */
export interface Got {
  readonly bytes: number;
  readonly wrongAt: number;
}

async function check(readable: ReadableStream<Uint8Array>): Promise<Got> {
  let bytes = 0;
  let wrongAt = -1;
  const reader = readable.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const wrong = read.value.findIndex((byte, i) => byte !== byteAt(bytes + i));
    if (wrong >= 0 && wrongAt < 0) wrongAt = bytes + wrong;
    bytes += read.value.length;
  }
  return { bytes, wrongAt };
}

async function write(writable: WritableStream<Uint8Array>, bytes: number, wrote: (bytes: number) => void) {
  const writer = writable.getWriter();
  for (let offset = 0; offset < bytes; offset += chunkBytes) {
    const chunk = pattern(offset, Math.min(chunkBytes, bytes - offset));
    await writer.write(chunk);
    wrote(chunk.length);
  }
  await writer.close();
}

const codeOf = (error: unknown) => String((error as { code?: unknown }).code ?? error);

/** A test agent's streams: `echo` gives back what comes, `held` is read when it is told, `enough` cancels after one read. */
export class TestStreams {
  readonly #room: Room;
  #held: ByteStream | undefined;
  #filling: { written: number; readonly end: Promise<string> } | undefined;

  constructor(room: Room) {
    this.#room = room;
    room.handleStream("echo", ({ readable, writable }) => readable.pipeTo(writable));
    room.handleStream("held", (stream) => {
      this.#held = stream;
    });
    room.handleStream("enough", async ({ readable }) => {
      const reader = readable.getReader();
      await reader.read();
      await reader.cancel();
    });
  }

  /** Sends so many bytes to the echo, and gives what came back. */
  async echo(to: string, bytes: number): Promise<Got> {
    const { readable, writable } = await this.#room.stream(to as PeerId, { name: "echo" });
    const [got] = await Promise.all([check(readable), write(writable, bytes, () => {})]);
    return got;
  }

  /** Begins to write to one that doesn't read. */
  async fill(to: string, bytes: number): Promise<void> {
    const { writable } = await this.#room.stream(to as PeerId, { name: "held" });
    const filling = { written: 0, end: Promise.resolve("") };
    filling.end = write(writable, bytes, (more) => {
      filling.written += more;
    }).then(() => "closed", codeOf);
    this.#filling = filling;
  }

  /** How much of it went so far. */
  filled(): number {
    return this.#filling?.written ?? 0;
  }

  /** How the filling ended: `closed`, or the error's code. */
  async fillEnd(): Promise<string> {
    return this.#filling?.end ?? "never began";
  }

  /** Reads what was held. */
  async readHeld(): Promise<Got> {
    if (this.#held === undefined) throw new Error("no stream is held");
    return check(this.#held.readable);
  }

  /** Opens a stream of this name and writes until that fails: the error's code. */
  async writeUntilRefused(to: string, name: string): Promise<string> {
    try {
      const { writable } = await this.#room.stream(to as PeerId, { name });
      await write(writable, 1 << 30, () => {});
      return "nothing";
    } catch (error) {
      return codeOf(error);
    }
  }
}
