import {
  type Card,
  decodePayload,
  features,
  type Payload,
  type PeerId,
  type ProtocolVersions,
  type Rejected,
  type RequestContext,
  type SkeinError,
} from "@skein/protocol";
import { TestClock } from "../testing.test-support.js";
import { Exchange } from "./exchange.js";
import { type Handler, Handlers } from "./handlers.js";
import type { StreamHandler } from "./streams.js";

/** One end of a conversation, and all that it told its world. */
export class End {
  readonly clock: TestClock;
  readonly handlers = new Handlers<Handler>();
  readonly streamHandlers = new Handlers<StreamHandler>();
  readonly exchange: Exchange;
  readonly troubles: SkeinError[] = [];
  readonly rejections: Rejected[] = [];
  readonly violations: string[] = [];
  /** Every payload this end sent, and the lane of each. */
  readonly said: Payload[] = [];
  readonly saidOn: number[] = [];
  /** How many payloads came in, and how many of them were called done. */
  received = 0;
  done = 0;
  readonly card: Card;
  other: End | undefined;

  constructor(
    name: string,
    clock: TestClock,
    ours: ProtocolVersions,
    theirs: ProtocolVersions,
    able: readonly string[],
  ) {
    this.clock = clock;
    this.card = { id: name as PeerId, box: new Uint8Array(32), started: 0, caps: [], protocols: ours, n: 0 };
    this.exchange = new Exchange(
      {
        clock,
        peer: { card: this.card },
        transmit: (lane, payload) => this.#transmit(lane, payload),
        hasRoom: () => this.hasRoom,
        handlerOf: (name) => this.handlers.find(name),
        streamHandlerOf: (name) => this.streamHandlers.find(name),
        trouble: (error) => this.troubles.push(error),
        rejected: (rejection) => this.rejections.push(rejection),
        violate: (reason) => this.violations.push(reason),
      },
      ours,
      theirs,
      able,
    );
  }

  /** Whether a lane takes more. */
  hasRoom = true;

  /** Replaces what carries payloads: by default they arrive at once. */
  transmit: (lane: number, payload: Uint8Array) => Promise<void> = async (lane, payload) =>
    this.other?.receive(payload, lane);

  /** A payload comes in; its end is counted in {@link End.done}. */
  receive(payload: Uint8Array, lane = 1): void {
    this.received++;
    const done = () => {
      this.done++;
    };
    const handled = this.exchange.receive(lane, payload);
    if (handled === undefined) done();
    else void handled.then(done, done);
  }

  handle(definition: Handler["definition"], run: Handle): void {
    const handler = {
      definition,
      run: (body: unknown, from: unknown, context: RequestContext) => run(body, context, from),
    };
    this.handlers.add(definition.name, handler as Handler);
  }

  #transmit(lane: number, payload: Uint8Array): Promise<void> {
    const decoded = decodePayload(payload);
    if (decoded.ok) this.said.push(decoded.value);
    this.saidOn.push(lane);
    return this.transmit(lane, payload);
  }
}

type Handle = (body: unknown, context: RequestContext, from: unknown) => unknown;

/** Two ends that speak these versions, joined by a link that loses nothing. */
export function linkedEnds(
  ours: ProtocolVersions,
  theirs: ProtocolVersions = ours,
  able: readonly string[] = features,
): readonly [End, End] {
  const clock = new TestClock();
  const ends = [new End("ann", clock, ours, theirs, able), new End("ben", clock, theirs, ours, able)] as const;
  ends[0].other = ends[1];
  ends[1].other = ends[0];
  return ends;
}
