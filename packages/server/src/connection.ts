import {
  type ClientMessage,
  decodeClientMessage,
  type ErrorCode,
  type ForwardClass,
  forwardHeaderBytes,
  type IceServer,
  packetKind,
} from "@skein/protocol";
import { comeBackMs } from "./commons.js";
import { expand } from "./core/compact.js";
import type { Place } from "./core/rooms.js";
import type { Share } from "./core/shares.js";
import type { EndOfTurn } from "./end-of-turn.js";
import { errorName } from "./events.js";
import { Incoming, type PacketHandler } from "./incoming.js";
import { type Limited, Limiter } from "./limiter.js";
import { Membership, type MembershipWorld } from "./membership.js";
import { Outgoing } from "./outgoing.js";
import type { Resumption } from "./resumption.js";
import type { ClientSocket, Corkable } from "./socket.js";
import { closeCode, Speaker } from "./speaker.js";

/** What a connection has of its server. */
export interface ConnectionWorld extends MembershipWorld<Connection> {
  readonly endOfTurn: EndOfTurn;
  readonly resumption: Resumption;
}

/** One client's WebSocket: what comes from it and from the server is brought to whoever deals with it. */
export class Connection implements PacketHandler, Limited {
  readonly number: number;
  readonly #socket: ClientSocket;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  readonly #speaker: Speaker;
  readonly #limiter: Limiter;
  readonly #membership: Membership<Connection>;
  readonly #world: ConnectionWorld;
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
    this.#incoming = new Incoming(socket, stream, settings.clock, world.resumption, this);
    this.#outgoing = new Outgoing(socket, stream, world.endOfTurn);
    this.#world = world;
    this.#speaker = new Speaker(number, socket, this.#outgoing, world);
    this.#limiter = new Limiter(this, this.#incoming, this.#speaker, world);
    this.#activeMs = settings.clock.nowMs();
    if (address !== undefined) this.#limiter.hold(address);
    this.#membership = new Membership(this, this.#speaker, this.#limiter, world, address);
  }

  get bufferedBytes(): number {
    return this.#outgoing.bufferedBytes;
  }

  /** Sends what must arrive: where the client doesn't read, it is the connection that goes. */
  send(packet: Uint8Array): void {
    this.#speaker.send(packet);
  }

  /** Sends a forward. Whether there is room for it was asked before. */
  forward(packet: Uint8Array): void {
    this.#outgoing.forward(packet);
  }

  /** Asks whether the client is still there; ends the connection where it didn't answer the last time, or reads or does nothing. */
  beat(nowMs: number): void {
    const { heartbeatMs, limits } = this.#world.settings;
    if (!this.#incoming.takeHeard()) {
      this.#membership.noteSilent();
      return this.#speaker.cut("silent");
    }
    const reading = this.#outgoing.takeReading();
    if (reading !== undefined && reading < (limits.slowestReadBytes * heartbeatMs) / 1000) {
      return this.#speaker.cut("slow-reader");
    }
    if (nowMs - this.#activeMs >= limits.idleMs) return this.#retire();
    this.#limiter.rest(nowMs);
    this.#socket.ping();
  }

  /** The client took too long to join. */
  expire(): void {
    this.#speaker.drop("silent");
    this.#membership.end("timeout", "The join took too long: answer the challenge with `join` at once.");
  }

  /** The token's time has come, or is about to. */
  wakeTenure(nowMs: number): void {
    this.#membership.wakeTenure(nowMs);
  }

  /** Another connection has taken the place. */
  replaced(): void {
    // First of all, for the hub isn't to be told that a place is lost which it has given away.
    this.#membership.forsake();
    this.#speaker.dismiss("replaced", "This identity joined the room again, from here or from somewhere else.");
  }

  /** A forward of its own went to another node, and no further. */
  undelivered(target: string, reason: "gone" | "busy", kind: ForwardClass): void {
    if (this.#membership.isEnded) return;
    this.#speaker.drop(reason);
    this.#speaker.say({ t: "undeliverable", to: expand(target), reason, class: kind });
  }

  /** An operator has it leave. */
  remove(retryAfterMs: number | undefined): void {
    this.#membership.dismiss("not-authorised", "The server's operator ended this connection.", retryAfterMs);
  }

  /** Tells the client to go within this time. */
  drain(afterMs: number): void {
    if (!this.#membership.isEnded) this.#speaker.say({ t: "draining", after: Math.ceil(afterMs) });
  }

  /** Tells the client of ICE servers that take the place of those it has, where there are any. */
  tellIce(ice: readonly IceServer[] | undefined): void {
    if (ice !== undefined && !this.#membership.isEnded) this.#speaker.say({ t: "ice", ice: [...ice] });
  }

  /** Ends the connection because the server does. */
  goAway(): void {
    this.#membership.forsake();
    this.#speaker.close(closeCode.goingAway, "the server stops");
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** The socket is closed. */
  handleClosed(code: number): void {
    this.#world.log({ type: "disconnected", connection: this.number, code });
    this.#incoming.close();
    // A page that is left or closed: its browser says so where the page itself no longer can.
    if (code === closeCode.goingAway) this.#membership.giveUp();
    else this.#membership.detach();
    this.#limiter.release();
  }

  handleMessage(data: Buffer, isBinary: boolean): void {
    this.#incoming.noteHeard();
    if (this.#membership.isEnded) return;
    // A text message is none of ours, and has no kind: read as nothing, it is malformed.
    const packet = isBinary ? data : data.subarray(0, 0);
    if (!this.#incoming.take(packet)) this.#limiter.overflow();
  }

  handlePing(data: Buffer): void {
    this.#incoming.noteHeard();
    if (this.#membership.isEnded) return;
    if (this.#limiter.mayControl(data.length, this.#world.settings.clock.nowMs())) this.#socket.pong(data);
  }

  handlePong(): void {
    this.#incoming.noteHeard();
  }

  /** What isn't a WebSocket message at all, or is larger than any may be: ws has closed the socket by now, and said why. */
  handleError(error: Error & { readonly code?: string }): void {
    this.#membership.detach();
    if (error.code?.startsWith("WS_ERR_") !== true) return;
    this.#speaker.drop(error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" ? "over-limit" : "malformed");
    // From the next tick on, ws reads what still comes and throws it away, for as long as the farewell takes: a flood would be read as
    // fast as it comes. Unread, it waits where it is.
    process.nextTick(() => this.#socket.pause());
  }

  /** A packet whose turn it is. */
  handlePacket(packet: Buffer): void {
    if (this.#membership.isEnded) return;
    const nowMs = this.#world.settings.clock.nowMs();
    switch (packet[0]) {
      case packetKind.relay:
        return this.#handleForward(packet, nowMs);
      case packetKind.signal:
        if (this.#limiter.waitsForOthers("signal", packet, nowMs)) return;
        return this.#handleForward(packet, nowMs);
      default:
        if (this.#limiter.waitsForOthers("control", packet, nowMs) || this.#waitsForItsTurn(packet, nowMs)) return;
        return this.#handleControl(packet, nowMs);
    }
  }

  /** Ends the connection of a client that doesn't stop: nothing more of it is read, not even its goodbye. */
  shutOut(code: ErrorCode, message: string, retryAfterMs?: number): void {
    this.#membership.end(code, message, retryAfterMs);
    this.#socket.pause();
  }

  /** Of a crowd that comes at once each is heard after the other: else whoever is in already would wait for all of them. */
  #waitsForItsTurn(packet: Buffer, nowMs: number): boolean {
    const waitMs = this.#membership.answer(nowMs);
    if (waitMs === 0 || !this.#incoming.isOpen) return false;
    this.#incoming.delay(packet, waitMs);
    return true;
  }

  #handleForward(packet: Buffer, nowMs: number): void {
    const { place, mayRelay } = this.#membership;
    if (packet.length <= forwardHeaderBytes) return this.#limiter.strike("malformed", "a forward without an envelope");
    if (place === undefined) return this.#limiter.strike("out-of-place", "a forward comes after `joined`");
    this.#activeMs = nowMs;
    const kind = packet[0] === packetKind.relay ? "relay" : "signal";
    if (kind === "relay" && !mayRelay) return this.#undeliverable(packet, "not-allowed", kind);
    const may =
      kind === "relay" ? this.#limiter.mayRelay(packet, nowMs) : this.#limiter.maySignal(packet.length, nowMs);
    if (may) this.#forward(place, kind, packet);
  }

  #forward(place: Place<Connection>, kind: ForwardClass, packet: Buffer): void {
    const { hub, counters } = this.#world;
    const outcome = hub.forward(place, packet.toString("latin1", 1, forwardHeaderBytes), kind, packet);
    if (outcome === "passed") return counters.forwarded(kind, packet.length);
    this.#undeliverable(packet, outcome, kind);
  }

  #undeliverable(packet: Buffer, reason: "gone" | "busy" | "not-allowed", kind: ForwardClass): void {
    this.#speaker.drop(reason);
    this.#speaker.say({ t: "undeliverable", to: packet.subarray(1, forwardHeaderBytes), reason, class: kind });
  }

  #handleControl(packet: Buffer, nowMs: number): void {
    if (!this.#limiter.mayControl(packet.length, nowMs)) return;
    const kind = packet[0];
    if (kind === undefined) return this.#limiter.strike("malformed", "no binary message with a kind in its first byte");
    if (kind !== packetKind.control) return this.#puzzle(`a packet of kind ${kind}`);
    const message = decodeClientMessage(packet.subarray(1));
    if (message.ok) return this.#handleControlMessage(message.value, nowMs);
    if (message.code === "unknown-type") this.#puzzle(message.reason);
    else this.#limiter.strike(message.code, message.reason);
  }

  #handleControlMessage(message: ClientMessage, nowMs: number): void {
    const membership = this.#membership;
    const { place } = membership;
    switch (message.t) {
      case "ping":
        return this.#speaker.say({ t: "pong" });
      case "leave":
        return this.#leave();
      case "join":
        return this.#check(membership.join(message), "this connection has joined already");
      case "announce":
        if (place !== undefined) this.#activeMs = nowMs;
        return this.#check(place && membership.announce(message.card, place), "`announce` comes after `joined`");
      case "token":
        return this.#check(place && membership.renew(message.token, place), "`token` comes after `joined`");
    }
  }

  #leave(): void {
    this.#membership.giveUp();
    this.#speaker.close(closeCode.normal, "left");
  }

  /** Whatever comes while the check runs waits, in order. Where there is none, the message was out of place. */
  #check(check: Promise<void> | undefined, outOfPlace: string): void {
    if (check === undefined) return this.#limiter.strike("out-of-place", outOfPlace);
    const failed = (error: unknown) => {
      // A fault of ours, which is to cost nobody but this client its connection.
      this.#world.log({ type: "failed", what: "connection", error: errorName(error) });
      this.#membership.end("closed", "The server failed to deal with a message: join again.", comeBackMs);
    };
    this.#incoming.waitFor(check.catch(failed));
  }

  #retire(): void {
    this.#speaker.drop("idle");
    this.#membership.dismiss("timeout", "Nothing was said for too long: join again when there is something to say.");
  }

  /** A message of a later version, perhaps: answered, not punished. */
  #puzzle(what: string): void {
    this.#speaker.drop("unknown-type");
    this.#speaker.complain("bad-message", `Not understood: ${what}. This server speaks version 1.`);
  }
}
