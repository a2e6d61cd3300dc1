import {
  type Card,
  decodePayload,
  type Payload,
  type PeerId,
  type ProtocolVersions,
  type Rejected,
  type RequestContext,
  type SkeinError,
} from "@skein/protocol";
import { TestClock } from "../testing.test-support.js";
import { Exchange } from "./exchange.js";
import { Handlers } from "./handlers.js";

/** One end of a conversation, and all that it told its world. */
export class End {
  readonly clock: TestClock;
  readonly handlers = new Handlers();
  readonly exchange: Exchange;
  readonly troubles: SkeinError[] = [];
  readonly rejections: Rejected[] = [];
  readonly violations: string[] = [];
  /** Every payload this end sent. */
  readonly said: Payload[] = [];
  readonly card: Card;
  other: End | undefined;

  constructor(name: string, clock: TestClock, ours: ProtocolVersions, theirs: ProtocolVersions) {
    this.clock = clock;
    this.card = { id: name as PeerId, box: new Uint8Array(32), started: 0, caps: [], protocols: ours, n: 0 };
    this.exchange = new Exchange(
      {
        clock,
        peer: { card: this.card },
        transmit: (...payloads) => this.#transmit(payloads),
        handlerOf: (name) => this.handlers.find(name),
        trouble: (error) => this.troubles.push(error),
        rejected: (rejection) => this.rejections.push(rejection),
        violate: (reason) => this.violations.push(reason),
      },
      ours,
      theirs,
    );
  }

  /** Replaces what carries payloads: by default they arrive at once. */
  transmit: (payloads: readonly Uint8Array[]) => Promise<void> = async (payloads) => {
    for (const payload of payloads) this.other?.exchange.receive(payload);
  };

  handle(definition: Parameters<Handlers["add"]>[0]["definition"], run: Handle): void {
    const handler = {
      definition,
      run: (body: unknown, from: unknown, context: RequestContext) => run(body, context, from),
    };
    this.handlers.add(handler as Parameters<Handlers["add"]>[0]);
  }

  #transmit(payloads: readonly Uint8Array[]): Promise<void> {
    for (const payload of payloads) {
      const decoded = decodePayload(payload);
      if (decoded.ok) this.said.push(decoded.value);
    }
    return this.transmit(payloads);
  }
}

type Handle = (body: unknown, context: RequestContext, from: unknown) => unknown;

/** Two ends that speak these versions, joined by a link that loses nothing. */
export function linkedEnds(ours: ProtocolVersions, theirs: ProtocolVersions = ours): readonly [End, End] {
  const clock = new TestClock();
  const ends = [new End("ann", clock, ours, theirs), new End("ben", clock, theirs, ours)] as const;
  ends[0].other = ends[1];
  ends[1].other = ends[0];
  return ends;
}
