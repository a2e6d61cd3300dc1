/** What a {@link Backplane} tells the node that uses it. */
export interface BackplaneListener {
  /** From now on messages go and come. Subscriptions are in force again. */
  up(): void;
  /** Until then they don't. What was under way may be lost. */
  down(): void;
  /** The bytes are the listener's. */
  message(bytes: Uint8Array): void;
}

/**
 * What carries messages between the nodes of one server: one node's end of it. A message that arrives is whole, and those of one node on
 * one subject come in their order. It may lose some: nodes notice, and ask again.
 */
export interface Backplane {
  /** What it is, for operators: `memory`, `redis`, `nats`. */
  readonly kind: string;
  /** Begins, once. `up` is called at the next opportunity where it can be reached already. */
  start(listener: BackplaneListener): void;
  /** Gives a message away. It goes to all who subscribe to the subject, this node included. While the backplane is down it is lost. */
  publish(subject: string, bytes: Uint8Array): void;
  /** Has what is published on the subject told to the listener: in force when the backplane is up, and again each time it is. */
  subscribe(subject: string): void;
  /** What is published on the subject isn't wanted any more. Some of it may still come. */
  unsubscribe(subject: string): void;
  /** What was published and isn't taken yet. */
  readonly bufferedBytes: number;
  /** Sends what was published, and ends. */
  close(): Promise<void>;
}

/** How a server uses its backplane. */
export interface BackplaneOptions {
  /** This node's own end of it. The server closes it. */
  readonly backplane: Backplane;
  /** How often a node says that it is there. Milliseconds, default 1,000. The same on all nodes. */
  readonly beatMs?: number | undefined;
  /** After how long a node that isn't heard has ended. Milliseconds, default 5 beats. */
  readonly silentMs?: number | undefined;
}

export const subjects = {
  all: "all",
  node: (node: string) => `node.${hex(node)}`,
  room: (room: string) => `room.${hex(room)}`,
};

function hex(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("hex");
}
