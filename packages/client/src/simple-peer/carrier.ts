import { limits, SkeinError } from "@skein/protocol";
import { checkSimplePeer, type SimplePeer, type SimplePeerEvent } from "./simple-peer.js";

/** The first byte of a message that carries a frame. All others are packets as a server would send them, whose kinds are others. */
export const frameKind = 0;

/** What a message may be for: signalling, or the path. */
export type MessageUse = "packets" | "frames";

export interface CarrierUser {
  /** A simple-peer is connected. Not told where it is as the use begins. */
  opened(): void;
  /** It is closed, or another took its place. */
  closed(reason: string): void;
  /** A message came in, whole, its first byte included. It may hold anything. */
  received(message: Uint8Array): void;
  /** There is room again. */
  drained(): void;
}

/** With this much in the channel's buffer it is full. Chromium kills a channel at 16 MiB. */
const fullBytes = 512 * 1024;
/** The other side may have met us before we met it: what it said until then is kept, up to this. The path makes up for what isn't. */
const heldBytesMost = 2 * limits.packetBytes;
/** What a message costs beside its bytes: one may have none. */
const messageOverheadBytes = 128;

/**
 * A simple-peer that carries signalling and frames side by side, and can be replaced by another. It is listened to only while
 * someone uses it, and is never destroyed: it is the app's.
 */
export class Carrier {
  readonly #users = new Map<MessageUse, CarrierUser>();
  #peer: SimplePeer;
  #stop: (() => void) | undefined;
  #buffer: "roomy" | "full" = "roomy";
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(peer: SimplePeer) {
    this.#peer = peer;
  }

  get isOpen(): boolean {
    return this.#stop !== undefined && this.#peer.connected;
  }

  get isFull(): boolean {
    return this.#buffer === "full";
  }

  /**
   * Begins to listen; gives what ends it.
   * @throws {SkeinError} `bad-argument` where it is in use for that
   */
  use(what: MessageUse, user: CarrierUser): () => void {
    if (this.#users.has(what)) {
      throw new SkeinError("bad-argument", "This simple-peer carries another room: one carries one room at a time.");
    }
    this.#users.set(what, user);
    if (this.#stop === undefined && !this.#peer.destroyed) this.#listen();
    return () => {
      if (this.#users.get(what) === user) this.#users.delete(what);
      if (this.#users.size === 0) this.#rest();
    };
  }

  /** Frames that came before anyone asked for them. */
  takeHeld(): readonly Uint8Array[] {
    this.#heldBytes = 0;
    return this.#held.splice(0);
  }

  /** @throws where it isn't open */
  send(message: Uint8Array): void {
    if (!this.isOpen) throw new Error("the simple-peer isn't connected");
    const peer = this.#peer;
    if (this.isFull || peer.bufferSize + message.length < fullBytes) return peer.send(message);
    // Only a write says when the buffer ran low; one at a time, since the stream keeps what is written behind it.
    this.#buffer = "full";
    peer.write(message, () => {
      if (this.#peer === peer) this.#drained();
    });
  }

  /**
   * Another simple-peer to the same other side takes the place.
   * @throws {SkeinError} `bad-argument`
   */
  replace(peer: SimplePeer): void {
    checkSimplePeer(peer);
    if (peer === this.#peer) return;
    this.#close("another simple-peer took its place");
    this.#peer = peer;
    if (this.#users.size === 0) return;
    this.#listen();
    if (this.isOpen) this.#opened();
  }

  #listen(): void {
    const peer = this.#peer;
    const listeners: readonly (readonly [SimplePeerEvent, (chunk: Uint8Array) => void])[] = [
      ["connect", () => this.#opened()],
      ["data", (chunk) => this.#receive(chunk)],
      ["close", () => this.#close("the simple-peer closed")],
      // It closes right after. Unheard, an error would end the process.
      ["error", () => {}],
    ];
    for (const [event, listener] of listeners) peer.on(event, listener);
    this.#stop = () => {
      for (const [event, listener] of listeners) peer.removeListener(event, listener);
    };
  }

  #rest(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#buffer = "roomy";
    this.takeHeld();
  }

  #opened(): void {
    for (const user of [...this.#users.values()]) user.opened();
  }

  #close(reason: string): void {
    if (this.#stop === undefined) return;
    this.#rest();
    for (const user of [...this.#users.values()]) user.closed(reason);
  }

  #drained(): void {
    this.#buffer = "roomy";
    for (const user of [...this.#users.values()]) user.drained();
  }

  #receive(chunk: Uint8Array): void {
    // The package gives a Buffer, whose `slice` copies nothing: what is kept must be ours.
    const message = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const frames = this.#users.get("frames");
    const user = message[0] === frameKind ? frames : (this.#users.get("packets") ?? frames);
    if (user === undefined) this.#hold(message);
    else user.received(message);
  }

  #hold(message: Uint8Array): void {
    const bytes = message.length + messageOverheadBytes;
    if (this.#heldBytes + bytes > heldBytesMost) return;
    this.#heldBytes += bytes;
    this.#held.push(message);
  }
}
