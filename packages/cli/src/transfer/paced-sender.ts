import { ReadWindow } from "./core/read-window.js";
import type { DigestReply, ReadReply } from "./protocol.js";
import type { Sender } from "./receive-entry.js";

/** Asks a sender for no more at once than keeps the link busy; the rest waits for its turn here. */
export class PacedSender implements Sender {
  readonly #sender: Sender;
  readonly #window: ReadWindow;
  #carriedBytes = 0;
  #waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  constructor(sender: Sender, pieceBytes: number) {
    this.#sender = sender;
    this.#window = new ReadWindow(pieceBytes);
  }

  /** What came so far. */
  get carriedBytes(): number {
    return this.#carriedBytes;
  }

  list(from: number): ReturnType<Sender["list"]> {
    return this.#sender.list(from);
  }

  digest(entry: number, bytes: number): Promise<DigestReply> {
    return this.#sender.digest(entry, bytes);
  }

  async read(entry: number, offset: number, length: number): Promise<ReadReply> {
    await this.#turn(length);
    const ask = this.#window.ask(length, performance.now());
    try {
      const reply = await this.#sender.read(entry, offset, length);
      this.#window.answer(ask, performance.now());
      if (reply.is === "piece") this.#carriedBytes += reply.bytes.length;
      return reply;
    } catch (error) {
      this.#window.giveUp(ask);
      throw error;
    } finally {
      this.#wake();
    }
  }

  #turn(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#window.hasRoom(bytes)) return undefined;
    return new Promise((go) => {
      this.#waiting.push({ bytes, go });
    });
  }

  #wake(): void {
    const [first] = this.#waiting;
    if (first === undefined || !this.#window.hasRoom(first.bytes)) return;
    this.#waiting.shift();
    first.go();
    // What it asks for is under way once it has run.
    queueMicrotask(() => this.#wake());
  }
}
