import type { LoadSocket } from "./socket.ts";

/** What a load needs to know of a server's language. */
export interface Dialect {
  /** Opens a connection and waits until it may send. Each gets a number of its own, from 0. */
  join(url: string, number: number): Promise<Member>;
  /** A frame with 300 bytes for another, that the server is to forward as it is. */
  forwardTo(from: Member, to: Member): Buffer;
  /** What this payload is. `other`: nothing that a load should see. */
  classify(payload: Buffer): "forward" | "harmless" | "other";
  /** What a client says from time to time to show that it is there, where it has to. */
  readonly heartbeat: Buffer | undefined;
}

/** A connection that may send. */
export interface Member {
  readonly socket: LoadSocket;
  /** By what the server knows it. */
  readonly id: string;
}

/** How many members see each other. */
export const roomSize = 10;

/** What each forward carries. */
export const forwardBytes = 300;
