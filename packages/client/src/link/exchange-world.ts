import { type Card, encodePayload, type Payload, type Rejected, SkeinError } from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { lossyLane } from "../core/lossy-lane.js";
import type { Handler } from "./handlers.js";
import type { StreamHandler } from "./streams.js";

/** What an exchange needs of its link and its room. */
export interface ExchangeWorld {
  readonly clock: Clock;
  /** Sends a payload in a lane ({@link lossyLane} among them), behind those before it; resolves once the lane has room for more. */
  transmit(lane: number, payload: Uint8Array): Promise<void>;
  /** Whether a payload would be accepted at once. */
  hasRoom(lane: number): boolean;
  /** Who handles a message of this name (`protocol/type`), if anyone. */
  readonly handlerOf: (name: string) => Handler | undefined;
  /** Who handles streams of this name, if anyone. */
  readonly streamHandlerOf: (name: string) => StreamHandler | undefined;
  /** What a handler sees as the sender. */
  readonly peer: { readonly card: Card };
  /** A handler threw, or nobody handles what came. */
  readonly trouble: (error: SkeinError) => void;
  /** Bytes were turned away, at their sender's cost. */
  rejected(rejection: Rejected): void;
  /** The other side broke the order of the conversation: the link must end. */
  readonly violate: (reason: string) => void;
}

/** For what nobody waits for: a link that is lost meanwhile is told elsewhere. */
export function transmitQuietly(world: ExchangeWorld, lane: number, payload: Payload): void {
  world.transmit(lane, encodePayload(payload)).catch(() => {});
}

/** What a handler throws is told here; whether the other side hears of it is another matter. */
export function tellThrown(world: ExchangeWorld, name: string, cause: unknown): void {
  world.trouble(new SkeinError("handler-failed", `The handler of ${name} threw.`, { cause }));
}
