import {
  encodeControl,
  encodeForwardPacket,
  type ForwardClass,
  limits,
  type PeerId,
  proveJoin,
  type RejectionCode,
  type SignedCard,
  SkeinError,
} from "@skein/protocol";
import { Alarm } from "../clock.js";
import { Holdback } from "../core/holdback.js";
import type { Step } from "../core/machine.js";
import {
  type ReconnectEffect,
  type ReconnectEvent,
  type ReconnectState,
  reconnectDeadline,
  startReconnect,
  stepReconnect,
} from "../core/reconnect.js";
import {
  addressesToTry,
  type ServerChoice,
  type ServerOrder,
  serverOrders,
  startServerChoice,
  stepServerChoice,
} from "../core/server-choice.js";
import { deferred } from "../deferred.js";
import { addressesFor, parseAddresses } from "./addresses.js";
import { Dial, dropSocket, type WebSocketConstructor } from "./dial.js";
import { dispatchPacket, errorOf, type JoiningMessage } from "./server-packets.js";
import type { Signaling, SignalingEvents, SignalingJoin, SignalingSession } from "./signaling.js";

/** Where {@link webSocketSignaling} finds its servers, and how it goes to them. */
export interface WebSocketSignalingOptions {
  /** Where the server is, `ws://` or `wss://` with its path; or where several are, one of which is enough. */
  readonly url: string | readonly string[];
  /** Which of several to go to. Default `listed`: the first that answers of the list. */
  readonly order?: ServerOrder;
  /** Another WebSocket than the platform's own. */
  readonly webSocket?: WebSocketConstructor;
}

/** A server that has had enough drops what comes then: a card that was announced so shortly before may not have been seen. */
const lateMs = 2_000;
/** How long the end of a connection may take. */
const goodbyeMs = 1_000;

/**
 * Signalling through a Skein server, or through one of several: where that one is lost, stops, or is full of us, the next is gone to.
 * @throws {SkeinError} `bad-argument` where an address or the order isn't one, or where there is no WebSocket.
 */
export function webSocketSignaling(options: WebSocketSignalingOptions): Signaling {
  const urls = parseAddresses(options.url);
  const { order = "listed", webSocket: WebSocket = platformWebSocket() } = options;
  mustBeOrder(order);
  return {
    async join(join, events) {
      const servers = { urls: addressesFor(join.room, urls, order), order, WebSocket };
      const session = new WebSocketSession(servers, join, events);
      await session.joined;
      return session;
    },
  };
}

function mustBeOrder(order: string): void {
  if (serverOrders.some((known) => known === order)) return;
  throw new SkeinError("bad-argument", `"${order}" is no order of servers: give one of ${serverOrders.join(", ")}.`);
}

function platformWebSocket(): WebSocketConstructor {
  const { WebSocket } = globalThis as { WebSocket?: WebSocketConstructor };
  if (WebSocket !== undefined) return WebSocket;
  throw new SkeinError(
    "bad-argument",
    "There is no WebSocket: take Node 22 or later, or pass one to webSocketSignaling.",
  );
}

/** Where to go, in which order, and by what. */
interface Servers {
  readonly urls: readonly string[];
  readonly order: ServerOrder;
  readonly WebSocket: WebSocketConstructor;
}

class WebSocketSession implements SignalingSession {
  readonly #servers: Servers;
  readonly #join: SignalingJoin;
  readonly #events: SignalingEvents;
  readonly #alarm: Alarm;
  readonly #holdback = new Holdback();
  readonly #quietAlarm: Alarm;
  #announcedMs = Number.NEGATIVE_INFINITY;
  readonly #first = deferred<void>();
  readonly #stopListening: () => void;
  #reconnect: ReconnectState;
  #choice: ServerChoice;
  /** While none of those that are dialled has answered. */
  #dial: Dial | undefined;
  #socket: WebSocket | undefined;
  /** Which of the servers that is, or was. */
  #at: number | undefined;
  /** Cards that came in `peers`, waiting for `joined`. */
  #roster: SignedCard[] = [];
  /** The socket whose challenge was answered: each has one. */
  #answered: WebSocket | undefined;
  /** Until the first `joined`, a lost connection is the caller's to handle. */
  #stage: "joining" | "member" | "over" = "joining";

  constructor(servers: Servers, join: SignalingJoin, events: SignalingEvents) {
    this.#servers = servers;
    this.#choice = startServerChoice(servers.order, servers.urls.length, servers.order === "any" ? join.roll() : 0);
    this.#join = join;
    this.#events = events;
    this.#alarm = new Alarm(join.clock, () => this.#step({ type: "woke" }));
    this.#quietAlarm = new Alarm(join.clock, () => this.#speakAgain());
    const abort = () => {
      // A member isn't thrown out by the time limit of its join.
      if (this.#stage !== "joining") return;
      this.#finish(new SkeinError("aborted", "The join was aborted by its caller.", { cause: join.signal?.reason }));
    };
    join.signal?.addEventListener("abort", abort, { once: true });
    const unwatch = join.network.watch(() => this.#step({ type: "online" }));
    this.#stopListening = () => {
      join.signal?.removeEventListener("abort", abort);
      unwatch();
    };
    const first = startReconnect(join.clock.nowMs());
    this.#reconnect = first.state;
    if (join.signal?.aborted) abort();
    else this.#follow(first);
  }

  /** Resolves when we are in the room for the first time. */
  get joined(): Promise<void> {
    return this.#first.promise;
  }

  get address(): string {
    return this.#servers.urls[this.#at ?? this.#choice.at] as string;
  }

  forward(to: PeerId, kind: ForwardClass, envelope: Uint8Array): boolean {
    if (this.#reconnect.phase !== "joined") return false;
    const packet = encodeForwardPacket(kind, to, envelope);
    // Servers hold back relayed traffic themselves, and complain of it never.
    return kind === "relay" ? this.#send(packet) : this.#sendInTurn(packet);
  }

  announce(card: SignedCard): void {
    // Where there is no connection, the next join shows this card anyway.
    if (this.#reconnect.phase !== "joined") return;
    this.#announcedMs = this.#join.clock.nowMs();
    this.#sendInTurn(encodeControl({ t: "announce", card }));
  }

  async leave(): Promise<void> {
    if (this.#reconnect.phase === "joined") this.#send(encodeControl({ t: "leave" }));
    const closed = this.#socket === undefined ? undefined : this.#closing(this.#socket);
    this.#finish(new SkeinError("closed", "The room was left."));
    await closed;
  }

  #step(event: ReconnectEvent): void {
    this.#follow(stepReconnect(this.#reconnect, event, this.#join.clock.nowMs()));
  }

  #follow({ state, effects }: Step<ReconnectState, ReconnectEffect>): void {
    this.#reconnect = state;
    this.#alarm.set(reconnectDeadline(state)?.atMs);
    for (const effect of effects) {
      if (effect.type === "connect") this.#connect();
      else if (effect.type === "ping") this.#send(encodeControl({ t: "ping" }));
      else this.#lose(effect.reason);
    }
  }

  #connect(): void {
    this.#at = undefined;
    this.#roster = [];
    const addresses = addressesToTry(this.#choice);
    const { urls, WebSocket } = this.#servers;
    this.#dial = new Dial(WebSocket, {
      answered: (socket, { number }, data) => {
        this.#at = number;
        this.#adopt(socket);
        this.#receive(data);
      },
      failed: (reason) => this.#lose(reason),
    });
    this.#dial.start(addresses.map((number) => ({ number, url: urls[number] as string })));
  }

  #adopt(socket: WebSocket): void {
    this.#dial = undefined;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => this.#lose(`the server closed the connection (${code})`);
    socket.onerror = () => this.#lose("no connection");
  }

  #receive(data: unknown): void {
    this.#step({ type: "heard" });
    if (!(data instanceof ArrayBuffer)) {
      return this.#reject("malformed", "a text message from the server");
    }
    const message = dispatchPacket(new Uint8Array(data), this.#events);
    if (message !== undefined) this.#handle(message);
  }

  #handle(message: JoiningMessage): void {
    switch (message.t) {
      case "challenge":
        // A second one would have us sign, and ask for tokens, as often as it came.
        if (this.#answered === this.#socket) return this.#reject("malformed", "a second challenge");
        this.#answered = this.#socket;
        void this.#answer(message);
        return;
      case "peers":
        this.#list(message.peers);
        return;
      case "joined": {
        this.#list(message.peers);
        const cards = this.#roster;
        this.#roster = [];
        this.#step({ type: "joined" });
        this.#choice = stepServerChoice(this.#choice, { type: "joined" });
        this.#stage = "member";
        this.#events.roster(cards, message.ice);
        this.#first.resolve();
        return;
      }
      case "error": {
        const error = errorOf(message);
        // Before we are in, all we said is our join: whatever is wrong with it, no `joined` will follow.
        if (!message.fatal && this.#stage === "member") return this.#takeComplaint(error);
        // A server that is only busy wants us back later; before the first join that is the caller's to decide.
        if (error.retryAfterMs !== undefined && this.#stage === "member") {
          return this.#lose(error.message, error.retryAfterMs);
        }
        return this.#finish(error);
      }
      case "expiring":
        void this.#renewToken();
        return;
      case "draining":
        return this.#step({ type: "draining", afterMs: message.after });
      case "pong":
        return;
    }
  }

  /** More than a room may have are left out. */
  #list(cards: readonly SignedCard[]): void {
    const room = limits.roomPeers - this.#roster.length;
    for (const { b, s } of cards.slice(0, room)) this.#roster.push({ b: Uint8Array.from(b), s: Uint8Array.from(s) });
    if (cards.length > room) this.#reject("over-limit", `more than ${limits.roomPeers} peers in the room`);
  }

  #reject(code: RejectionCode, reason: string): void {
    this.#events.rejected({ ok: false, code, reason });
  }

  #takeComplaint(error: SkeinError): void {
    if (error.code === "rate-limited" && error.retryAfterMs !== undefined) {
      this.#holdback.beQuiet(this.#join.clock.nowMs() + error.retryAfterMs);
      this.#armQuiet();
    }
    this.#events.complaint(error);
  }

  #speakAgain(): void {
    const nowMs = this.#join.clock.nowMs();
    for (const packet of this.#holdback.take(nowMs)) this.#send(packet);
    if (nowMs - this.#announcedMs < lateMs) this.announce(this.#join.card());
    this.#announcedMs = Number.NEGATIVE_INFINITY;
    this.#armQuiet();
  }

  #armQuiet(): void {
    this.#quietAlarm.set(this.#holdback.deadline(this.#join.clock.nowMs()));
  }

  /** At once, or when the server wants to hear from us again. */
  #sendInTurn(packet: Uint8Array): boolean {
    return this.#holdback.isQuiet(this.#join.clock.nowMs()) ? this.#holdback.add(packet) : this.#send(packet);
  }

  /** Where there is none to be had, the server warns again, and ends us in the end. */
  async #renewToken(): Promise<void> {
    const socket = this.#socket;
    try {
      const token = await this.#join.token?.();
      checkToken(token);
      if (token !== undefined && socket === this.#socket) this.#send(encodeControl({ t: "token", token }));
    } catch (cause) {
      this.#events.complaint(SkeinError.from(cause, "not-authorised"));
    }
  }

  async #answer(challenge: Extract<JoiningMessage, { t: "challenge" }>): Promise<void> {
    const socket = this.#socket;
    const { room, identity, card: newestCard, token: getToken } = this.#join;
    if (!challenge.versions.includes(1)) {
      return this.#finish(
        new SkeinError(
          "unsupported-version",
          `The server speaks version ${challenge.versions.join(", ")} of the wire, this client version 1: update the older of the two.`,
        ),
      );
    }
    try {
      const card = newestCard();
      const [proof, token] = await Promise.all([proveJoin(identity, challenge.nonce, room, card), getToken?.()]);
      // Meanwhile this connection may have been given up for another.
      if (socket !== this.#socket) return;
      checkToken(token);
      this.#send(encodeControl({ t: "join", room, card, proof, ...(token === undefined ? {} : { token }) }));
    } catch (cause) {
      const error = SkeinError.from(cause, "not-authorised");
      if (socket !== this.#socket) return;
      if (this.#stage === "joining") return this.#finish(error);
      // Whoever gives tokens may be away as well: that is no reason to lose the room.
      this.#events.complaint(error);
      this.#lose("there was no token for it");
    }
  }

  #send(packet: Uint8Array): boolean {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(packet as Uint8Array<ArrayBuffer>);
    return true;
  }

  #lose(reason: string, afterMs?: number): void {
    this.#dropSocket();
    if (this.#stage === "over") return;
    const before = this.#reconnect;
    this.#passOn(before);
    if (this.#stage === "joining") return this.#tryNext(reason);
    this.#step({ type: "lost", roll: this.#join.roll(), afterMs });
    if (before.phase === "joined") this.#events.disconnected(reason);
  }

  /** The server we were at, or all that we dialled, won't do for now. */
  #passOn(before: ReconnectState): void {
    const at = this.#at;
    if (before.phase === "joined" && at !== undefined) {
      const type = before.leaveMs === undefined ? "lost" : "drained";
      this.#choice = stepServerChoice(this.#choice, { type, address: at });
    } else {
      const addresses = at === undefined ? addressesToTry(this.#choice) : [at];
      this.#choice = stepServerChoice(this.#choice, { type: "failed", addresses });
    }
  }

  /** Before the first join each has one chance, at once: what comes after is for the caller to decide. */
  #tryNext(reason: string): void {
    if (this.#choice.rounds === 0) return this.#step({ type: "lost", roll: 0 });
    const { urls } = this.#servers;
    const places = urls.length === 1 ? urls[0] : `any of ${urls.join(", ")}`;
    const sentence = `No Skein server answers at ${places} (${reason}): is it running, and is the address right?`;
    this.#finish(new SkeinError("server-unreachable", sentence));
  }

  #finish(error: SkeinError): void {
    const stage = this.#stage;
    if (stage === "over") return;
    this.#stage = "over";
    this.#step({ type: "end" });
    this.#stopListening();
    this.#dropSocket();
    if (stage === "joining") this.#first.reject(error);
    else if (error.code !== "closed") this.#events.ended(error);
  }

  /** Resolves when the socket is closed: what was sent before has gone out. A server that is gone isn't waited for. */
  #closing(socket: WebSocket): Promise<void> {
    if (socket.readyState === 3) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#join.clock.after(goodbyeMs, resolve);
      socket.addEventListener(
        "close",
        () => {
          cancel();
          resolve();
        },
        { once: true },
      );
    });
  }

  #dropSocket(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#holdback.clear();
    this.#quietAlarm.set(undefined);
    this.#dial?.close();
    this.#dial = undefined;
    if (socket !== undefined) dropSocket(socket);
  }
}

/** One over the limit would only be a message that the server can't read. */
function checkToken(token: string | undefined): void {
  if (token === undefined || token.length <= limits.tokenLength) return;
  throw new SkeinError("too-large", `This token has ${token.length} characters; ${limits.tokenLength} is the most.`);
}
