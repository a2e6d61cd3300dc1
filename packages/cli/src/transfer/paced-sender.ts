import { type Ask, ReadWindow } from "./core/read-window.js";
import type { DigestReply, ReadReply } from "./protocol.js";
import type { Sender } from "./receive-entry.js";

/** Asks a sender for no more at once than keeps the link busy; the rest waits for its turn here. */
export class PacedSender implements Sender {
  readonly #sender: Sender;
  readonly #window: ReadWindow;
  #carriedBytes = 0;
  #waiting: { readonly bytes: number; readonly go: (ask: Ask) => void }[] = [];

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
    const ask = await this.#turn(length);
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

  /** Its place in the window is taken in the same moment in which there is one: many may ask at once. */
  #turn(bytes: number): Ask | Promise<Ask> {
    if (this.#waiting.length === 0 && this.#window.hasRoom(bytes)) return this.#window.ask(bytes, performance.now());
    return new Promise((go) => {
      this.#waiting.push({ bytes, go });
    });
  }

  #wake(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!this.#window.hasRoom(first.bytes)) return;
      this.#waiting.shift();
      first.go(this.#window.ask(first.bytes, performance.now()));
    }
  }
}
