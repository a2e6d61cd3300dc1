import {
  type ClientMessage,
  decodeClientMessage,
  type ErrorCode,
  encodeControl,
  type ForwardClass,
  forwardHeaderBytes,
  nonceBytes,
  packetKind,
  type ServerMessage,
  type SignedCard,
} from "@skein/protocol";
import { admit, checkCard, type Refusal } from "./admission.js";
import { Conduct } from "./core/conduct.js";
import type { Hub, Loss, Place } from "./core/rooms.js";
import { errorName, type ServerEvent } from "./events.js";
import { Incoming } from "./incoming.js";
import type { Settings } from "./options.js";
import { Outgoing } from "./outgoing.js";
import { type ClientSocket, type Corkable, openState } from "./socket.js";
import type { Counters, DropCode } from "./stats.js";

/** What a connection has of its server. */
export interface ConnectionWorld {
  readonly settings: Settings;
  readonly hub: Hub<Connection>;
  readonly counters: Counters;
  readonly log: (event: ServerEvent) => void;
  /** The connection is in a room, and has no longer to hurry. */
  joined(connection: Connection): void;
  /** A place was lost or given up: the hub's deadline may have changed. */
  rearm(): void;
}

type State =
  | { readonly phase: "challenged"; readonly nonce: Uint8Array }
  | { readonly phase: "joined"; readonly place: Place<Connection> }
  | { readonly phase: "ended" };

/** When a client that was turned away for want of room, or for its haste, may come back. */
const comeBackMs = 5_000;

/** RFC 6455 §7.4.1. */
export const closeCode = { normal: 1000, goingAway: 1001, policy: 1008 } as const;

/** One client's WebSocket: reads what it says, keeps it to its limits, and speaks for it to the hub. */
export class Connection {
  readonly number: number;
  readonly #socket: ClientSocket;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  readonly #world: ConnectionWorld;
  readonly #conduct: Conduct;
  #state: State;
  /** What its end says of the client. */
  #loss: Loss = "closed";

  constructor(socket: ClientSocket, stream: Corkable, number: number, world: ConnectionWorld) {
    const { settings } = world;
    this.number = number;
    this.#socket = socket;
    this.#incoming = new Incoming(socket, settings.clock, (packet) => this.#handle(packet));
    this.#outgoing = new Outgoing(socket, stream);
    this.#world = world;
    this.#conduct = new Conduct(settings.limits, settings.clock.nowMs());
    const nonce = Uint8Array.from(settings.random(nonceBytes));
    this.#state = { phase: "challenged", nonce };
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("ping", (data) => this.#receivePing(data));
    socket.on("pong", () => this.#incoming.noteHeard());
    socket.on("error", (error) => this.#receiveError(error));
    this.#say({
      t: "challenge",
      nonce,
      server: "skein",
      versions: [1],
      limits: { packetBytes: settings.limits.packetBytes, graceMs: settings.graceMs },
    });
  }

  get bufferedBytes(): number {
    return this.#outgoing.bufferedBytes;
  }

  /** Sends what must arrive: where the client doesn't read, it is the connection that goes. */
  send(packet: Uint8Array): void {
    if (this.bufferedBytes > this.#world.settings.limits.bufferedBytes) return this.#cut("slow-reader");
    this.#outgoing.send(packet);
  }

  /** Sends a forward. Whether there is room for it was asked before. */
  forward(packet: Uint8Array): void {
    this.#outgoing.forward(packet);
  }

  /** Asks whether the client is still there; ends the connection where it didn't answer the last time. */
  beat(): void {
    if (!this.#incoming.takeHeard()) {
      this.#loss = "silent";
      return this.#cut("silent");
    }
    this.#socket.ping();
  }

  /** The client took too long to join. */
  expire(): void {
    this.#drop("silent");
    this.#end("timeout", "The join took too long: answer the challenge with `join` at once.");
  }

  /** Another connection has taken the place. */
  replaced(): void {
    // First of all, for the hub isn't to be told that a place is lost which it has given away.
    this.#state = { phase: "ended" };
    this.#sendAway("replaced", "This identity joined the room again, from here or from somewhere else.");
  }

  /** Ends the connection because the server does. */
  goAway(): void {
    this.#state = { phase: "ended" };
    this.#close(closeCode.goingAway, "the server stops");
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** The socket is closed. */
  handleClosed(code: number): void {
    this.#world.log({ type: "disconnected", connection: this.number, code });
    this.#incoming.close();
    // A page that is left or closed: its browser says so where the page itself no longer can.
    if (code === closeCode.goingAway) this.#giveUp();
    else this.#detach();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#incoming.noteHeard();
    if (this.#isEnded()) return;
    // A text message is none of ours, and has no kind: read as nothing, it is malformed.
    const packet = isBinary ? data : data.subarray(0, 0);
    if (this.#incoming.take(packet)) return;
    this.#drop("over-limit");
    this.#end("rate-limited", "Too much came before the last message was dealt with: wait for the answer.", comeBackMs);
  }

  #handle(packet: Buffer): void {
    if (this.#isEnded()) return;
    switch (packet[0]) {
      case packetKind.signal:
      case packetKind.relay:
        return this.#handleForward(packet);
      default:
        return this.#handleControl(packet);
    }
  }

  #handleForward(packet: Buffer): void {
    const state = this.#state;
    if (packet.length <= forwardHeaderBytes) return this.#strike("malformed", "a forward without an envelope");
    if (state.phase !== "joined") return this.#strike("out-of-place", "a forward comes after `joined`");
    const kind = packet[0] === packetKind.relay ? "relay" : "signal";
    if (kind === "relay" ? this.#mayRelay(packet) : this.#maySignal()) this.#forward(state.place, kind, packet);
  }

  #maySignal(): boolean {
    const retryAfterMs = this.#conduct.admitSignal(this.#world.settings.clock.nowMs());
    if (retryAfterMs > 0) this.#tooFast(retryAfterMs);
    return retryAfterMs === 0;
  }

  /** What comes too fast has its turn later: of relayed frames none may be missing. */
  #mayRelay(packet: Buffer): boolean {
    const delayMs = this.#conduct.paceRelay(packet.length, this.#world.settings.clock.nowMs());
    // What a client said before it went counts, and it makes nobody wait any more.
    if (delayMs === 0 || this.#socket.readyState !== openState) return true;
    this.#world.counters.delays++;
    this.#incoming.delay(packet, delayMs);
    return false;
  }

  #forward(place: Place<Connection>, kind: ForwardClass, packet: Buffer): void {
    const { hub, counters } = this.#world;
    const outcome = hub.forward(place, packet.toString("latin1", 1, forwardHeaderBytes), kind, packet);
    if (outcome === "passed") return counters.forwarded(kind, packet.length);
    this.#drop(outcome);
    this.#say({ t: "undeliverable", to: packet.subarray(1, forwardHeaderBytes), reason: outcome, class: kind });
  }

  #handleControl(packet: Buffer): void {
    const retryAfterMs = this.#conduct.admitControl(this.#world.settings.clock.nowMs());
    if (retryAfterMs > 0) return this.#tooFast(retryAfterMs);
    const kind = packet[0];
    if (kind === undefined) return this.#strike("malformed", "no binary message with a kind in its first byte");
    if (kind !== packetKind.control) return this.#puzzle(`a packet of kind ${kind}`);
    const message = decodeClientMessage(packet.subarray(1));
    if (message.ok) return this.#handleMessage(message.value);
    if (message.code === "unknown-type") this.#puzzle(message.reason);
    else this.#strike(message.code, message.reason);
  }

  #handleMessage(message: ClientMessage): void {
    const state = this.#state;
    switch (message.t) {
      case "ping":
        return this.#say({ t: "pong" });
      case "leave":
        return this.#leave();
      case "join":
        if (state.phase !== "challenged") return this.#strike("out-of-place", "this connection has joined already");
        return this.#check(this.#join(message, state.nonce));
      case "announce":
        if (state.phase !== "joined") return this.#strike("out-of-place", "`announce` comes after `joined`");
        return this.#check(this.#announce(message.card, state.place));
    }
  }

  async #join(join: Extract<ClientMessage, { t: "join" }>, nonce: Uint8Array): Promise<void> {
    const { settings, hub, log } = this.#world;
    const admission = await admit(join, nonce, settings, log);
    // Meanwhile the client may have gone, or its time run out.
    if (this.#state.phase !== "challenged") return;
    if (!admission.admitted) return this.#refuse(admission);
    const { card } = admission;
    const outcome = hub.join({ connection: this, room: join.room, card, signed: copyOf(join.card) });
    if (!outcome.joined) {
      const message = `The ${outcome.full} has no place left: try again later.`;
      return this.#refuse({ admitted: false, code: "room-full", message, drop: "refused", retryAfterMs: comeBackMs });
    }
    this.#state = { phase: "joined", place: outcome.place };
    this.#world.joined(this);
    log({ type: "joined", connection: this.number, peer: card.id });
  }

  async #announce(signed: SignedCard, place: Place<Connection>): Promise<void> {
    const card = await checkCard(signed, this.#world.settings);
    if (this.#state.phase !== "joined") return;
    if (!card.ok) return this.#strike(card.code, `the card can't be accepted: ${card.reason}`);
    switch (this.#world.hub.announce(place, this, card.value, copyOf(signed))) {
      case "announced":
        return;
      case "another-peer":
        return this.#strike("out-of-place", "the card is of another peer, or of another join");
      case "stale":
        // No fault of the client's: a card may cross the one that went with its return.
        this.#drop("stale");
        return this.#complain(
          "bad-message",
          "The card was passed over: its `n` is no higher than the last one's.",
          false,
        );
    }
  }

  #leave(): void {
    this.#giveUp();
    this.#close(closeCode.normal, "left");
  }

  #giveUp(): void {
    const state = this.#state;
    this.#state = { phase: "ended" };
    if (state.phase === "joined") this.#world.hub.leave(state.place, this);
  }

  /** Whatever comes while the check runs waits, in order. */
  #check(check: Promise<void>): void {
    const failed = (error: unknown) => {
      // A fault of ours, which is to cost nobody but this client its connection.
      this.#world.log({ type: "failed", what: "connection", error: errorName(error) });
      this.#end("closed", "The server failed to deal with a message: join again.", comeBackMs);
    };
    this.#incoming.waitFor(check.catch(failed));
  }

  #refuse(refusal: Refusal): void {
    this.#drop(refusal.drop);
    this.#end(refusal.code, refusal.message, refusal.retryAfterMs);
  }

  /** A message of a later version, perhaps: answered, not punished. */
  #puzzle(what: string): void {
    this.#drop("unknown-type");
    this.#complain("bad-message", `Not understood: ${what}. This server speaks version 1.`, false);
  }

  #strike(code: DropCode, reason: string): void {
    this.#drop(code);
    this.#conduct.strike();
    if (this.#conduct.verdict === undefined) return this.#complain("bad-message", `Not acted upon: ${reason}.`, false);
    this.#end("bad-message", `Too many messages that can't be acted upon; the last: ${reason}.`);
  }

  #tooFast(retryAfterMs: number): void {
    this.#drop("rate-limited");
    if (this.#conduct.verdict === undefined) {
      return this.#complain("rate-limited", "Too much too fast: a message was dropped.", false, retryAfterMs);
    }
    this.#end("rate-limited", "Too much too fast, for too long: come back later, and send less.", comeBackMs);
  }

  #receivePing(data: Buffer): void {
    this.#incoming.noteHeard();
    if (this.#isEnded()) return;
    const retryAfterMs = this.#conduct.admitControl(this.#world.settings.clock.nowMs());
    if (retryAfterMs > 0) this.#tooFast(retryAfterMs);
    else this.#socket.pong(data);
  }

  /** What isn't a WebSocket message at all, or is larger than any may be: ws has closed the socket by now, and said why. */
  #receiveError(error: Error & { readonly code?: string }): void {
    if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") this.#drop("over-limit");
    else if (error.code?.startsWith("WS_ERR_")) this.#drop("malformed");
    this.#detach();
  }

  #drop(code: DropCode): void {
    this.#world.counters.drop(code);
    this.#world.log({ type: "dropped", connection: this.number, code });
  }

  #complain(code: ErrorCode, message: string, fatal: boolean, retryAfterMs?: number): void {
    const retryAfter = retryAfterMs === undefined ? {} : { retryAfter: Math.max(0, Math.ceil(retryAfterMs)) };
    this.#say({ t: "error", code, message: clip(message), fatal, ...retryAfter });
  }

  #say(message: ServerMessage): void {
    this.send(encodeControl(message));
  }

  /** Tells the client why, and ends the connection. The place it may have is kept as if the socket had been lost. */
  #end(code: ErrorCode, message: string, retryAfterMs?: number): void {
    if (this.#isEnded()) return;
    this.#detach();
    this.#sendAway(code, message, retryAfterMs);
  }

  #sendAway(code: ErrorCode, message: string, retryAfterMs?: number): void {
    this.#world.log({ type: "ended", connection: this.number, code });
    this.#complain(code, message, true, retryAfterMs);
    this.#close(closeCode.policy, code);
  }

  /** Ends the connection without a word. The hub hears of it when the socket is closed, which is never at once. */
  #cut(code: "slow-reader" | "silent"): void {
    if (this.#socket.readyState === openState) this.#drop(code);
    this.#socket.terminate();
  }

  #close(code: number, reason: string): void {
    // A socket that isn't read would never see the other side's close.
    this.#socket.resume();
    this.#socket.close(code, reason);
  }

  #detach(): void {
    const { hub, settings } = this.#world;
    const state = this.#state;
    this.#state = { phase: "ended" };
    if (state.phase !== "joined") return;
    hub.lose(state.place, this, settings.clock.nowMs(), this.#loss);
    this.#world.rearm();
  }

  #isEnded(): boolean {
    return this.#state.phase === "ended";
  }
}

/** Of its own, since what was read lies in a larger buffer: a card is kept for as long as its peer. */
function copyOf({ b, s }: SignedCard): SignedCard {
  return { b: Uint8Array.from(b), s: Uint8Array.from(s) };
}

/** An error's text as the wire takes it: not too long, and without the half of a pair that the cut may leave. */
function clip(text: string): string {
  return text.slice(0, 512).replace(/\p{Surrogate}/gu, "\ufffd");
}
