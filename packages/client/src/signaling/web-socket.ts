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
  webSocketProtocol,
} from "@skein/protocol";
import { Alarm } from "../clock.js";
import type { Step } from "../core/machine.js";
import {
  type ReconnectEffect,
  type ReconnectEvent,
  type ReconnectState,
  reconnectDeadline,
  startReconnect,
  stepReconnect,
} from "../core/reconnect.js";
import { deferred } from "../deferred.js";
import { dispatchPacket, errorOf, type JoiningMessage } from "./server-packets.js";
import type { Signaling, SignalingEvents, SignalingJoin, SignalingSession } from "./signaling.js";

export interface WebSocketSignalingOptions {
  /** Where the server is: `ws://` or `wss://`, with its path. */
  readonly url: string;
  /** Another WebSocket than the platform's own. */
  readonly webSocket?: new (
    url: string,
    protocols: string[],
  ) => WebSocket;
}

/** How long the end of a connection may take. */
const goodbyeMs = 1_000;

/**
 * Signalling through a Skein server.
 * @throws {SkeinError} `bad-argument` where the address isn't one.
 */
export function webSocketSignaling(options: WebSocketSignalingOptions): Signaling {
  const url = parseAddress(options.url);
  const WebSocket = options.webSocket ?? globalThis.WebSocket;
  return {
    async join(join, events) {
      const session = new WebSocketSession(url, WebSocket, join, events);
      await session.joined;
      return session;
    },
  };
}

function parseAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["ws:", "wss:"].includes(url.protocol)) {
    throw new SkeinError("bad-argument", `"${text}" is no server address: those look like wss://example.org/skein.`);
  }
  return url.href;
}

class WebSocketSession implements SignalingSession {
  readonly address: string;
  readonly #WebSocket: new (
    url: string,
    protocols: string[],
  ) => WebSocket;
  readonly #join: SignalingJoin;
  readonly #events: SignalingEvents;
  readonly #alarm: Alarm;
  readonly #first = deferred<void>();
  readonly #stopListening: () => void;
  #reconnect: ReconnectState;
  #socket: WebSocket | undefined;
  /** Cards that came in `peers`, waiting for `joined`. */
  #roster: SignedCard[] = [];
  /** The socket whose challenge was answered: each has one. */
  #answered: WebSocket | undefined;
  /** Until the first `joined`, a lost connection is the caller's to handle. */
  #stage: "joining" | "member" | "over" = "joining";

  constructor(
    url: string,
    WebSocket: new (url: string, protocols: string[]) => WebSocket,
    join: SignalingJoin,
    events: SignalingEvents,
  ) {
    this.address = url;
    this.#WebSocket = WebSocket;
    this.#join = join;
    this.#events = events;
    this.#alarm = new Alarm(join.clock, () => this.#step({ type: "woke" }));
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

  forward(to: PeerId, kind: ForwardClass, envelope: Uint8Array): boolean {
    return this.#reconnect.phase === "joined" && this.#send(encodeForwardPacket(kind, to, envelope));
  }

  announce(card: SignedCard): void {
    // Where there is no connection, the next join shows this card anyway.
    if (this.#reconnect.phase === "joined") this.#send(encodeControl({ t: "announce", card }));
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
    const socket = this.#open();
    if (socket === undefined) return;
    this.#socket = socket;
    this.#roster = [];
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code }) => this.#lose(`the server closed the connection (${code})`);
    socket.onerror = () => this.#lose("no connection");
  }

  /** Platforms refuse some addresses by throwing: insecure ones from a secure page, those with a fragment. */
  #open(): WebSocket | undefined {
    try {
      return new this.#WebSocket(this.address, [webSocketProtocol]);
    } catch (error) {
      this.#lose(SkeinError.from(error, "server-unreachable").message);
      return undefined;
    }
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
        this.#stage = "member";
        this.#events.roster(cards, message.ice);
        this.#first.resolve();
        return;
      }
      case "error": {
        const error = errorOf(message);
        // Before we are in, all we said is our join: whatever is wrong with it, no `joined` will follow.
        if (!message.fatal && this.#stage === "member") return this.#events.complaint(error);
        // A server that is only busy wants us back later; before the first join that is the caller's to decide.
        if (error.retryAfterMs !== undefined && this.#stage === "member") {
          return this.#lose(error.message, error.retryAfterMs);
        }
        return this.#finish(error);
      }
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
    if (this.#stage === "joining") {
      return this.#finish(
        new SkeinError(
          "server-unreachable",
          `No Skein server answers at ${this.address} (${reason}): is it running, and is the address right?`,
        ),
      );
    }
    const wasJoined = this.#reconnect.phase === "joined";
    this.#step({ type: "lost", roll: this.#join.roll(), afterMs });
    if (wasJoined) this.#events.disconnected(reason);
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
    if (socket === undefined) return;
    socket.onmessage = null;
    socket.onclose = null;
    // Some engines report the failure of a socket that is closed while it connects.
    socket.onerror = () => {};
    socket.close();
  }
}

/** One over the limit would only be a message that the server can't read. */
function checkToken(token: string | undefined): void {
  if (token === undefined || token.length <= limits.tokenLength) return;
  throw new SkeinError("too-large", `This token has ${token.length} characters; ${limits.tokenLength} is the most.`);
}
