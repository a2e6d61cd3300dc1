import { dataRecordBytes, decodeFrame, type WireRecord, writeData } from "@skein/protocol";
import type { Clock } from "../clock.js";
import type { PathKind } from "../core/path-chooser.js";
import { countingRandom } from "../testing.test-support.js";
import { Link } from "./link.js";
import type { Path } from "./path.js";

/** A data record, whole: a message of one piece, unless told otherwise. */
export function dataRecord(sequence: number, body = Uint8Array.of(sequence), lane = 1, last = true): Uint8Array {
  const record = new Uint8Array(dataRecordBytes(sequence, body.length));
  writeData(record, 0, sequence, { lane, last, body });
  return record;
}

export function recordsOf(frame: Uint8Array): readonly WireRecord[] {
  const records = decodeFrame(frame);
  if (!records.ok) throw new Error(records.reason);
  return records.value;
}

/** A link, and all that it told its owner. */
export class LinkEnd {
  readonly heard: string[] = [];
  readonly messages: { readonly lane: number; readonly message: Uint8Array }[] = [];
  /** Of messages that came in, and aren't dealt with. */
  readonly open: (() => void)[] = [];
  /** Whether messages are dealt with at once. */
  isQuick = true;
  /** What the other side's HELLO says that it knows. */
  features: readonly string[] = [];
  readonly link: Link;

  constructor(clock: Clock, seed: number) {
    this.link = new Link({
      clock,
      random: countingRandom(seed),
      protocols: { "test.chat": [`${seed}.0.0`] },
      listener: {
        up: (theirs, features) => {
          this.heard.push(`up ${theirs["test.chat"]}`);
          this.features = features;
        },
        message: (lane, message) => {
          this.messages.push({ lane, message });
          return this.isQuick ? undefined : new Promise<void>((done) => this.open.push(done));
        },
        pathNews: () => {},
        pathChanged: (reason) => this.heard.push(this.link.carriedBy !== undefined ? "carried" : `pathless: ${reason}`),
        lost: (error) => this.heard.push(error.message),
        left: () => this.heard.push("left"),
        rejected: ({ code }) => this.heard.push(`rejected ${code}`),
      },
    });
  }

  /** The first byte of each message. */
  get firsts(): (number | undefined)[] {
    return this.messages.map(({ message }) => message[0]);
  }

  count(word: string): number {
    return this.heard.filter((other) => other.includes(word)).length;
  }
}

/**
 * A channel between two links, with one for the lossy lane beside it that repeats, loses and reorders as the test wants.
 */
export class LossyChannel {
  readonly paths: readonly [Path, Path];
  readonly underWay: readonly [Uint8Array[], Uint8Array[]] = [[], []];
  /** Every frame that was sent on the lossy channel, by either side. */
  readonly lossy: readonly [Uint8Array[], Uint8Array[]] = [[], []];

  constructor(ends: readonly [LinkEnd, LinkEnd], kind: PathKind = "direct") {
    const open = (at: 0 | 1) =>
      ends[at].link.open(kind, {
        bufferedAmount: 0,
        send: (frame) => void this.underWay[at].push(frame),
        lossy: { bufferedAmount: 0, send: (frame) => void this.lossy[at].push(frame) },
      });
    this.paths = [open(0), open(1)];
  }

  /** Lets one frame through from this side; false where there is none. */
  arrive(from: 0 | 1): boolean {
    const frame = this.underWay[from].shift();
    if (frame !== undefined) this.paths[from === 0 ? 1 : 0].receive(frame);
    return frame !== undefined;
  }

  /** Lets a frame of this side's lossy channel arrive, which may have arrived before. */
  arriveLossy(from: 0 | 1, at: number): void {
    const frame = this.lossy[from][at];
    if (frame !== undefined) this.paths[from === 0 ? 1 : 0].receiveLossy(frame);
  }
}

/** A channel between two links. Frames wait in it until they are let through; it is cut with all that is in it. */
export class Channel {
  readonly paths: readonly [Path, Path];
  readonly underWay: readonly [Uint8Array[], Uint8Array[]] = [[], []];

  constructor(ends: readonly [LinkEnd, LinkEnd], kind: PathKind = "direct") {
    const open = (at: 0 | 1) =>
      ends[at].link.open(kind, { bufferedAmount: 0, send: (frame) => void this.underWay[at].push(frame) });
    this.paths = [open(0), open(1)];
  }

  /** Lets one frame through from this side; false where there is none. */
  arrive(from: 0 | 1): boolean {
    const frame = this.underWay[from].shift();
    if (frame !== undefined) this.paths[from === 0 ? 1 : 0].receive(frame);
    return frame !== undefined;
  }

  /** What is under way is lost, and nobody is told. */
  swallow(): void {
    for (const side of this.underWay) side.length = 0;
  }

  cut(): void {
    for (const side of this.underWay) side.length = 0;
    for (const path of this.paths) path.lose("the channel closed");
  }
}
