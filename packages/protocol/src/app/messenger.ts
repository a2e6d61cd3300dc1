import type { Card } from "../identity/card.js";
import type { PeerId } from "../identity/peer-id.js";
import type { MessageDefinition, RequestDefinition } from "./definition.js";

/** What a messenger tells of another peer. */
export interface MessengerPeer {
  readonly id: PeerId;
  readonly card: Card;
  /** For messengers that list peers before messages can go there: `connected` once they can. Without it, they can. */
  readonly state?: string;
}

/** How long a request may take, and what ends it sooner. */
export interface RequestOptions {
  /** Milliseconds until the request fails with `timeout`. Default 30,000. */
  readonly timeoutMs?: number;
  /** Ends the wait with `aborted`, and tells the other side. */
  readonly signal?: AbortSignal;
}

/** What a request's handler gets beside the body. */
export interface RequestContext {
  /** Fires when whoever asked gave up, or is gone. */
  readonly signal: AbortSignal;
}

/** Stops what the call that returned it began. */
export type Unsubscribe = () => void;

/**
 * What coordination needs of the world: who is here, send, request, handle. A room is one; so is anything else that can
 * carry messages between identities.
 */
export interface Messenger<Peer extends MessengerPeer = MessengerPeer> {
  /** Our own id. */
  readonly id: PeerId;
  /** Who can be reached now, or is on the way to be ({@link MessengerPeer.state}). */
  readonly peers: ReadonlyMap<PeerId, Peer>;

  /** Resolves once the message is accepted for sending: await it, and a fast sender waits for a slow network. */
  send<Input>(to: PeerId | Peer, definition: MessageDefinition<Input, any>, body: Input): Promise<void>;

  /** Asks one peer, and waits for its answer, held against the definition's schema. */
  request<Input, Reply>(
    to: PeerId | Peer,
    definition: RequestDefinition<Input, any, any, Reply>,
    body: Input,
    options?: RequestOptions,
  ): Promise<Reply>;

  /** One handler for each message. */
  handle<Output>(
    definition: MessageDefinition<any, Output>,
    handler: (body: Output, from: Peer) => void | Promise<void>,
  ): Unsubscribe;
  /** One handler for each request: what it returns is the answer. */
  handle<Output, ReplyInput>(
    definition: RequestDefinition<any, Output, ReplyInput, any>,
    handler: (body: Output, from: Peer, context: RequestContext) => ReplyInput | Promise<ReplyInput>,
  ): Unsubscribe;

  /** Tells when messages can go to a peer, when they no longer can, and when it says something else of itself. */
  onPeer(listener: (event: MessengerPeerEvent<Peer>) => void): Unsubscribe;
}

/** `reachable`: messages can go there now · `gone`: they no longer can · `updated`: its card changed. */
export interface MessengerPeerEvent<Peer extends MessengerPeer = MessengerPeer> {
  readonly type: "reachable" | "updated" | "gone";
  readonly peer: Peer;
}
