import type { Process } from "../world/process.js";

/** DTLS (RFC 9147) and the association above it (RFC 9260 §5), as one handshake: odd flights are the client's. */
export type SecurePacket =
  | { readonly dtls: "flight"; readonly number: number; readonly fingerprint: string }
  | { readonly dtls: "close" };

export interface SecureTransportListener {
  transmit(packet: SecurePacket, bytes: number): void;
  /** The handshake is over on our side: channels are open. */
  opened(): void;
  /** The other side's certificate isn't the one that its description names. */
  refused(): void;
  /** The other side is gone, and said so. */
  closed(): void;
}

/** ClientHello, ServerHello, Finished, Finished, INIT and COOKIE, and their answer. */
const flights = 6;
const flightBytes = 400;
/** RFC 9147 §5.8.2. */
const retryFirstMs = 1_000;
const retryMostMs = 8_000;

type Phase = "waiting" | "shaking" | "open" | "closed";

/** Who is who, proved by fingerprints, before anything is said over a path. */
export class SecureTransport {
  readonly #process: Process;
  readonly #fingerprint: string;
  readonly #listener: SecureTransportListener;
  #phase: Phase = "waiting";
  #role: "active" | "passive" | undefined;
  #theirFingerprint: string | undefined;
  /** The last flight of ours. */
  #sent = 0;
  #retryMs = retryFirstMs;
  #cancel: (() => void) | undefined;
  /** What came before we had a way ourselves: engines keep it, or the handshake would stall for a second. */
  #early: SecurePacket | undefined;

  constructor(process: Process, fingerprint: string, listener: SecureTransportListener) {
    this.#process = process;
    this.#fingerprint = fingerprint;
    this.#listener = listener;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get role(): "active" | "passive" | undefined {
    return this.#role;
  }

  /** Both descriptions are in place. */
  prepare(role: "active" | "passive", theirFingerprint: string): void {
    this.#role ??= role;
    this.#theirFingerprint = theirFingerprint;
  }

  /** There is a way for packets. */
  start(): void {
    if (this.#phase !== "waiting" || this.#role === undefined) return;
    this.#phase = "shaking";
    if (this.#role === "active") this.#say(1);
    const early = this.#early;
    this.#early = undefined;
    if (early !== undefined) this.receive(early);
  }

  /** Something came that only an open association carries: our last flight has arrived, whatever became of its answer. */
  noteData(): void {
    if (this.#phase === "shaking" && this.#sent === flights - 1) this.#open();
  }

  receive(packet: SecurePacket): void {
    if (this.#phase === "closed") return;
    if (packet.dtls === "close") return this.#end(() => this.#listener.closed());
    if (this.#phase === "waiting" || this.#role === undefined) {
      this.#early = packet;
      return;
    }
    if (packet.fingerprint !== this.#theirFingerprint) return this.#end(() => this.#listener.refused());
    const isForUs = (packet.number % 2 === 1) === (this.#role === "passive");
    if (!isForUs) return;
    if (this.#role === "passive") return this.#answer(packet.number);
    if (packet.number === this.#sent + 1) this.#goOn(packet.number);
  }

  close(): void {
    if (this.#phase === "closed") return;
    if (this.#phase !== "waiting") this.#listener.transmit({ dtls: "close" }, flightBytes);
    this.#end(() => {});
  }

  #answer(number: number): void {
    this.#sent = Math.max(this.#sent, number + 1);
    this.#transmit(number + 1);
    if (number + 1 >= flights) this.#open();
  }

  #goOn(number: number): void {
    this.#retryMs = retryFirstMs;
    if (number >= flights) return this.#open();
    this.#say(number + 1);
  }

  #say(number: number): void {
    this.#cancel?.();
    this.#sent = number;
    this.#transmit(number);
    this.#cancel = this.#process.clock.after(this.#retryMs, () => this.#say(number));
    this.#retryMs = Math.min(retryMostMs, 2 * this.#retryMs);
  }

  #transmit(number: number): void {
    this.#listener.transmit({ dtls: "flight", number, fingerprint: this.#fingerprint }, flightBytes);
  }

  #open(): void {
    this.#cancel?.();
    if (this.#phase !== "shaking") return;
    this.#phase = "open";
    this.#listener.opened();
  }

  #end(tell: () => void): void {
    this.#cancel?.();
    this.#phase = "closed";
    tell();
  }
}
