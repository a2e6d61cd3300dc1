import {
  type ClientMessage,
  decodeClientMessage,
  type ErrorCode,
  encodeControl,
  type ForwardClass,
  forwardHeaderBytes,
  type IceServer,
  nonceBytes,
  type PeerId,
  packetKind,
  type ServerMessage,
  type SignedCard,
} from "@skein/protocol";
import { type Admission, admit, checkCard, type Refusal, renew } from "./admission.js";
import { type Commons, comeBackMs, turned } from "./commons.js";
import { Conduct } from "./core/conduct.js";
import { cardOf, type Hub, type Loss, type Place } from "./core/rooms.js";
import type { Share } from "./core/shares.js";
import { startTenure, type Tenure, tenureDeadline, wakeTenure } from "./core/tenure.js";
import { errorName, type ServerEvent } from "./events.js";
import type { Grant } from "./grant.js";
import { Incoming, type PacketHandler } from "./incoming.js";
import type { Settings } from "./options.js";
import { Outgoing } from "./outgoing.js";
import { type ClientSocket, type Corkable, openState } from "./socket.js";
import type { Counters, DropCode } from "./stats.js";
import type { IceDesk } from "./turn/ice-desk.js";
import type { Turnstile } from "./turnstile.js";
import { errorPacket } from "./words.js";

/** What a connection has of its server. */
export interface ConnectionWorld {
  readonly settings: Settings;
  readonly hub: Hub<Connection>;
  readonly counters: Counters;
  readonly commons: Commons;
  /** Where clients get their ICE servers. */
  readonly ice: IceDesk<Connection>;
  /** Through which joins go to have their signatures looked at. */
  readonly turnstile: Turnstile;
  readonly log: (event: ServerEvent) => void;
  /** How long this peer is kept out, if it is. Milliseconds. */
  barredMs(peer: PeerId): number;
  /** The connection is in a room, and has no longer to hurry. */
  joined(connection: Connection): void;
  /** When the connection's token wants to be looked at; undefined: never. */
  schedule(connection: Connection, atMs: number | undefined): void;
  /** A place was lost or given up: the hub's deadline may have changed. */
  rearm(): void;
}

type State =
  | { readonly phase: "challenged"; readonly nonce: Uint8Array }
  | { readonly phase: "joined"; readonly place: Place<Connection> }
  | { readonly phase: "ended" };

const ended = { phase: "ended" } as const;
const everything: Grant = {};

/** RFC 6455 §7.4.1. */
export const closeCode = { normal: 1000, goingAway: 1001, policy: 1008 } as const;

/** One client's WebSocket: reads what it says, keeps it to its limits, and speaks for it to the hub. */
export class Connection implements PacketHandler {
  readonly number: number;
  readonly #socket: ClientSocket;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  readonly #world: ConnectionWorld;
  readonly #conduct: Conduct;
  #state: State;
  /** What its end says of the client. */
  #loss: Loss = "closed";
  #grant = everything;
  #tenure: Tenure | undefined;
  /** When it last did something. */
  #activeMs: number;

  constructor(
    socket: ClientSocket,
    stream: Corkable,
    number: number,
    world: ConnectionWorld,
    address: Share | undefined,
  ) {
    const { settings } = world;
    this.number = number;
    this.#socket = socket;
    this.#incoming = new Incoming(socket, settings.clock, this);
    this.#outgoing = new Outgoing(socket, stream);
    this.#world = world;
    this.#conduct = new Conduct(settings.limits);
    this.#activeMs = settings.clock.nowMs();
    if (address !== undefined) this.#conduct.hold(address);
    const nonce = Uint8Array.from(settings.random(nonceBytes));
    this.#state = { phase: "challenged", nonce };
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

  /** Asks whether the client is still there; ends the connection where it didn't answer the last time, or reads or does nothing. */
  beat(nowMs: number): void {
    const { heartbeatMs, limits } = this.#world.settings;
    if (!this.#incoming.takeHeard()) {
      this.#loss = "silent";
      return this.#cut("silent");
    }
    const reading = this.#outgoing.takeReading();
    if (reading !== undefined && reading < (limits.slowestReadBytes * heartbeatMs) / 1000) {
      return this.#cut("slow-reader");
    }
    if (nowMs - this.#activeMs >= limits.idleMs) return this.#retire();
    this.#conduct.rest(nowMs);
    this.#socket.ping();
  }

  /** The client took too long to join. */
  expire(): void {
    this.#drop("silent");
    this.#end("timeout", "The join took too long: answer the challenge with `join` at once.");
  }

  /** The token's time has come, or is about to. */
  wakeTenure(nowMs: number): void {
    if (this.#tenure === undefined || this.#isEnded()) return;
    const { tenure, effects } = wakeTenure(this.#tenure, nowMs);
    this.#keepTenure(tenure);
    for (const effect of effects) {
      if (effect.type === "warn") this.#say({ t: "expiring", after: Math.ceil(effect.leftMs) });
      else this.#expireToken();
    }
  }

  /** Another connection has taken the place. */
  replaced(): void {
    // First of all, for the hub isn't to be told that a place is lost which it has given away.
    this.#state = ended;
    this.#sendAway("replaced", "This identity joined the room again, from here or from somewhere else.");
  }

  /** An operator has it leave. */
  remove(retryAfterMs: number | undefined): void {
    this.#giveUp();
    this.#sendAway("not-authorised", "The server's operator ended this connection.", retryAfterMs);
  }

  /** Tells the client to go within this time. */
  drain(afterMs: number): void {
    if (!this.#isEnded()) this.#say({ t: "draining", after: Math.ceil(afterMs) });
  }

  /** Tells the client of ICE servers that take the place of those it has, where there are any. */
  tellIce(ice: readonly IceServer[] | undefined): void {
    if (ice !== undefined && !this.#isEnded()) this.#say({ t: "ice", ice: [...ice] });
  }

  /** Ends the connection because the server does. */
  goAway(): void {
    this.#state = ended;
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
    this.#conduct.release();
  }

  handleMessage(data: Buffer, isBinary: boolean): void {
    this.#incoming.noteHeard();
    if (this.#isEnded()) return;
    // A text message is none of ours, and has no kind: read as nothing, it is malformed.
    const packet = isBinary ? data : data.subarray(0, 0);
    if (this.#incoming.take(packet)) return;
    this.#drop("over-limit");
    this.#shutOut(
      "rate-limited",
      "Too much came before the last message was dealt with: wait for the answer.",
      comeBackMs,
    );
  }

  handlePing(data: Buffer): void {
    this.#incoming.noteHeard();
    if (this.#isEnded()) return;
    const retryAfterMs = this.#conduct.admitControl(data.length, this.#world.settings.clock.nowMs());
    if (retryAfterMs > 0) this.#tooFast(retryAfterMs);
    else this.#socket.pong(data);
  }

  handlePong(): void {
    this.#incoming.noteHeard();
  }

  /** What isn't a WebSocket message at all, or is larger than any may be: ws has closed the socket by now, and said why. */
  handleError(error: Error & { readonly code?: string }): void {
    if (error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") this.#drop("over-limit");
    else if (error.code?.startsWith("WS_ERR_")) this.#drop("malformed");
    this.#detach();
  }

  /** A packet whose turn it is. */
  handlePacket(packet: Buffer): void {
    if (this.#isEnded()) return;
    const nowMs = this.#world.settings.clock.nowMs();
    switch (packet[0]) {
      case packetKind.relay:
        return this.#handleForward(packet, nowMs);
      case packetKind.signal:
        if (this.#waitsForOthers("signal", packet, nowMs)) return;
        return this.#handleForward(packet, nowMs);
      default:
        if (this.#waitsForOthers("control", packet, nowMs)) return;
        return this.#handleControl(packet, nowMs);
    }
  }

  /** Where an address, an identity or a room has used up what it may, those who share it are read later, and lose nothing. */
  #waitsForOthers(kind: "control" | "signal", packet: Buffer, nowMs: number): boolean {
    return this.#waits(packet, this.#conduct.sharedWaitMs(kind, packet.length, nowMs));
  }

  /** Has a packet come again later, where it has to wait. */
  #waits(packet: Buffer, delayMs: number): boolean {
    // What a client said before it went counts, and it makes nobody wait any more.
    if (delayMs === 0 || this.#socket.readyState !== openState) return false;
    this.#world.counters.delays++;
    this.#incoming.delay(packet, delayMs);
    return true;
  }

  #handleForward(packet: Buffer, nowMs: number): void {
    const state = this.#state;
    if (packet.length <= forwardHeaderBytes) return this.#strike("malformed", "a forward without an envelope");
    if (state.phase !== "joined") return this.#strike("out-of-place", "a forward comes after `joined`");
    this.#activeMs = nowMs;
    const kind = packet[0] === packetKind.relay ? "relay" : "signal";
    if (kind === "relay" && this.#grant.mayRelay === false) return this.#undeliverable(packet, "not-allowed", kind);
    if (kind === "relay" ? this.#mayRelay(packet, nowMs) : this.#maySignal(packet, nowMs)) {
      this.#forward(state.place, kind, packet);
    }
  }

  #maySignal(packet: Buffer, nowMs: number): boolean {
    const retryAfterMs = this.#conduct.admitSignal(packet.length, nowMs);
    if (retryAfterMs > 0) this.#tooFast(retryAfterMs);
    return retryAfterMs === 0;
  }

  /** What comes too fast has its turn later: of relayed frames none may be missing. */
  #mayRelay(packet: Buffer, nowMs: number): boolean {
    return !this.#waits(packet, this.#conduct.paceRelay(packet.length, nowMs));
  }

  #forward(place: Place<Connection>, kind: ForwardClass, packet: Buffer): void {
    const { hub, counters } = this.#world;
    const outcome = hub.forward(place, packet.toString("latin1", 1, forwardHeaderBytes), kind, packet);
    if (outcome === "passed") return counters.forwarded(kind, packet.length);
    this.#undeliverable(packet, outcome, kind);
  }

  #undeliverable(packet: Buffer, reason: "gone" | "busy" | "not-allowed", kind: ForwardClass): void {
    this.#drop(reason);
    this.#say({ t: "undeliverable", to: packet.subarray(1, forwardHeaderBytes), reason, class: kind });
  }

  #handleControl(packet: Buffer, nowMs: number): void {
    const retryAfterMs = this.#conduct.admitControl(packet.length, nowMs);
    if (retryAfterMs > 0) return this.#tooFast(retryAfterMs);
    const kind = packet[0];
    if (kind === undefined) return this.#strike("malformed", "no binary message with a kind in its first byte");
    if (kind !== packetKind.control) return this.#puzzle(`a packet of kind ${kind}`);
    const message = decodeClientMessage(packet.subarray(1));
    if (message.ok) return this.#handleControlMessage(message.value, nowMs);
    if (message.code === "unknown-type") this.#puzzle(message.reason);
    else this.#strike(message.code, message.reason);
  }

  #handleControlMessage(message: ClientMessage, nowMs: number): void {
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
        this.#activeMs = nowMs;
        return this.#check(this.#announce(message.card, state.place));
      case "token":
        if (state.phase !== "joined") return this.#strike("out-of-place", "`token` comes after `joined`");
        return this.#check(this.#renew(message.token, state.place));
    }
  }

  async #join(join: Extract<ClientMessage, { t: "join" }>, nonce: Uint8Array): Promise<void> {
    const { settings, turnstile, log } = this.#world;
    const admission = await admit(join, nonce, settings, turnstile, log);
    // Meanwhile the client may have gone, or its time run out.
    if (this.#state.phase !== "challenged") return;
    const refusal = admission.admitted ? this.#takePlace(join, admission) : admission;
    if (refusal !== undefined) this.#refuse(refusal);
  }

  #takePlace(
    { room, card: signed }: Extract<ClientMessage, { t: "join" }>,
    { card, grant }: Extract<Admission, { admitted: true }>,
  ): Refusal | undefined {
    const { hub, settings, log } = this.#world;
    const refusal = this.#mayEnter(room, card.id, grant);
    if (refusal !== undefined) return refusal;
    const ice = this.#world.ice.handOut(this, card.id, grant);
    const outcome = hub.join({ connection: this, room, card, signed, ice });
    if (!outcome.joined) return full(`The ${outcome.full} has no place left: try again later.`);
    this.#state = { phase: "joined", place: outcome.place };
    this.#conduct.forgive();
    this.#takeGrant(grant, settings.clock.nowMs());
    this.#world.counters.joins++;
    this.#world.joined(this);
    log({ type: "joined", connection: this.number, peer: card.id });
    return undefined;
  }

  /** Whether its identity and the room have room for one more join; if so, this one is counted. */
  #mayEnter(room: string, peer: PeerId, grant: Grant): Refusal | undefined {
    const { hub, commons, settings } = this.#world;
    const barredMs = this.#world.barredMs(peer);
    if (barredMs > 0) return refusal("not-authorised", "The server's operator keeps this peer out for now.", barredMs);
    const shares = [commons.identity(grant.subject ?? peer), commons.room(room)];
    for (const share of shares) {
      const answer = turned(share.arrive(settings.clock.nowMs()));
      if (answer === undefined) continue;
      // Whoever comes back to its place takes no more room than it had.
      if (answer.why === "too-many" && hub.holds(room, peer)) continue;
      if (answer.why === "too-many") return full("This identity is in too many rooms: leave one of them.");
      return refusal("rate-limited", "Too many joins in a short time: try again later.", answer.retryAfterMs);
    }
    this.#conduct.hold(...shares);
    return undefined;
  }

  #takeGrant(grant: Grant, nowMs: number): void {
    this.#grant = grant;
    this.#keepTenure(grant.expiresInMs === undefined ? undefined : startTenure(grant.expiresInMs, nowMs));
  }

  #keepTenure(tenure: Tenure | undefined): void {
    if (tenure === undefined && this.#tenure === undefined) return;
    this.#tenure = tenure;
    this.#world.schedule(this, tenure && tenureDeadline(tenure));
  }

  async #announce(signed: SignedCard, place: Place<Connection>): Promise<void> {
    const card = await checkCard(signed, this.#world.settings);
    if (this.#state.phase !== "joined") return;
    if (!card.ok) return this.#strike(card.code, `the card can't be accepted: ${card.reason}`);
    switch (this.#world.hub.announce(place, this, card.value, signed)) {
      case "announced":
        return;
      case "another-peer":
        return this.#strike("out-of-place", "the card is of another peer, or of another join");
      case "stale":
        // No fault of the client's: a card may cross the one that went with its return.
        this.#drop("stale");
        return this.#complain("bad-message", "The card was passed over: its `n` is no higher than the last one's.");
    }
  }

  /** A token in mid-session. One that is no good leaves the client with the one it has. */
  async #renew(token: string, place: Place<Connection>): Promise<void> {
    const { settings, log } = this.#world;
    const renewal = await renew(place.room.name, cardOf(place), token, settings, log);
    if (this.#state.phase !== "joined") return;
    if (renewal.admitted) {
      this.#takeGrant(renewal.grant, settings.clock.nowMs());
      return this.tellIce(this.#world.ice.regrant(this, renewal.grant));
    }
    this.#drop(renewal.drop);
    this.#complain(renewal.code, renewal.message, renewal.retryAfterMs);
  }

  #leave(): void {
    this.#giveUp();
    this.#close(closeCode.normal, "left");
  }

  #giveUp(): void {
    const state = this.#state;
    this.#state = ended;
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

  #refuse({ drop, code, message, retryAfterMs }: Refusal): void {
    this.#drop(drop);
    this.#end(code, message, retryAfterMs);
  }

  #expireToken(): void {
    this.#drop("expired");
    this.#giveUpAfter("expired", "The token's time is over: join again with a new one.");
  }

  #retire(): void {
    this.#drop("idle");
    this.#giveUpAfter("timeout", "Nothing was said for too long: join again when there is something to say.");
  }

  /** Ends the connection, and gives its place up at once: it isn't to come back by itself. */
  #giveUpAfter(code: ErrorCode, message: string, retryAfterMs?: number): void {
    this.#giveUp();
    this.#sendAway(code, message, retryAfterMs);
  }

  /** A message of a later version, perhaps: answered, not punished. */
  #puzzle(what: string): void {
    this.#drop("unknown-type");
    this.#complain("bad-message", `Not understood: ${what}. This server speaks version 1.`);
  }

  #strike(code: DropCode, reason: string): void {
    this.#drop(code);
    this.#conduct.strike();
    if (this.#conduct.verdict === undefined) return this.#complain("bad-message", `Not acted upon: ${reason}.`);
    this.#shutOut("bad-message", `Too many messages that can't be acted upon; the last: ${reason}.`);
  }

  #tooFast(retryAfterMs: number): void {
    this.#drop("rate-limited");
    if (this.#conduct.verdict === undefined) {
      return this.#complain("rate-limited", "Too much too fast: a message was dropped.", retryAfterMs);
    }
    this.#shutOut("rate-limited", "Too much too fast, for too long: come back later, and send less.", comeBackMs);
  }

  #drop(code: DropCode): void {
    this.#world.counters.drop(code);
    this.#world.log({ type: "dropped", connection: this.number, code });
  }

  /** What costs its sender nothing but the message. */
  #complain(code: ErrorCode, message: string, retryAfterMs?: number): void {
    this.send(errorPacket(code, message, false, retryAfterMs));
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

  /** Ends the connection of a client that doesn't stop: nothing more of it is read, not even its goodbye. */
  #shutOut(code: ErrorCode, message: string, retryAfterMs?: number): void {
    this.#end(code, message, retryAfterMs);
    this.#socket.pause();
  }

  #sendAway(code: ErrorCode, message: string, retryAfterMs?: number): void {
    this.#world.log({ type: "ended", connection: this.number, code });
    this.send(errorPacket(code, message, true, retryAfterMs));
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
    this.#state = ended;
    if (state.phase !== "joined") return;
    hub.lose(state.place, this, settings.clock.nowMs(), this.#loss);
    this.#world.rearm();
  }

  #isEnded(): boolean {
    return this.#state.phase === "ended";
  }
}

function full(message: string): Refusal {
  return refusal("room-full", message, comeBackMs);
}

function refusal(code: ErrorCode, message: string, retryAfterMs: number): Refusal {
  const drop = code === "rate-limited" ? "rate-limited" : "refused";
  return { admitted: false, code, message, drop, retryAfterMs };
}
