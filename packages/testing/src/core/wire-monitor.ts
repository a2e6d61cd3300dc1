import { type Acknowledgement, decodeFrame, type Hello, laneCount, type WireRecord } from "@skein/protocol";

/** One end of a conversation, by what it was seen to send, over whichever paths. */
interface End {
  /** What it lets the other side send in all, lane by lane: the most it ever said. */
  readonly credit: number[];
  /** What it has sent, each piece counted once. */
  readonly sentBytes: number[];
  sent: number;
  /** The end that it talks with, once either has said so. */
  other: End | undefined;
}

/** What an end has said on one path. Where two carry, a word may wait on one of them while a later one goes over the other. */
interface Speaker {
  readonly end: End;
  /** How much of the other side's it said to have. */
  acknowledged: number;
  readonly credit: number[];
}

/**
 * Holds what two ends send each other against the rules of `docs/spec/links.md`, from outside: nothing beyond the other side's window,
 * nothing acknowledged that was never sent, numbers without a gap. It hears frames as they are sent, so what a side has granted is never
 * heard too late.
 */
export class WireMonitor {
  readonly #ends = new Map<string, End>();
  readonly #speakers = new WeakMap<object, Speaker>();

  /** A frame goes out on a path; gives what is wrong with it. */
  sent(path: object, frame: Uint8Array): string | undefined {
    const records = decodeFrame(frame);
    if (!records.ok) return `a frame that can't be read (${records.reason})`;
    for (const record of records.value) {
      const problem = this.#record(path, record);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #record(path: object, record: WireRecord): string | undefined {
    if (record.type === "hello") return this.#greet(path, record.hello);
    if (record.type !== "data" && record.type !== "acknowledgement") return undefined;
    const speaker = this.#speakers.get(path);
    if (speaker === undefined) return `a record of the type ${record.type} before HELLO`;
    if (record.type === "data") return this.#data(speaker.end, record);
    return this.#acknowledge(speaker, record.acknowledgement);
  }

  #greet(path: object, { link, of, next, credit }: Hello): string | undefined {
    const end = this.#endOf(keyOf(link));
    const before = this.#speakers.get(path);
    const speaker = before?.end === end ? before : { end, acknowledged: 0, credit: Array(laneCount).fill(0) };
    this.#speakers.set(path, speaker);
    // Whoever greets nobody has met nobody, even if another took it for its own: that one may be gone before it is heard.
    end.other = of && this.#endOf(keyOf(of));
    if (end.other !== undefined) end.other.other ??= end;
    return this.#acknowledge(speaker, { next, credit });
  }

  #data(end: End, { sequence, lane, payload }: Extract<WireRecord, { type: "data" }>): string | undefined {
    if (sequence > end.sent) return `record ${sequence} where ${end.sent} was due`;
    if (sequence < end.sent) return undefined;
    end.sent++;
    end.sentBytes[lane] = (end.sentBytes[lane] ?? 0) + payload.length;
    const granted = end.other?.credit[lane];
    if (granted === undefined || (end.sentBytes[lane] as number) <= granted) return undefined;
    return `${end.sentBytes[lane]} bytes in lane ${lane}, where ${granted} are granted`;
  }

  #acknowledge(speaker: Speaker, { next, credit }: Acknowledgement): string | undefined {
    const { end } = speaker;
    if (next < speaker.acknowledged) return `it has ${next} records, after it had ${speaker.acknowledged}`;
    speaker.acknowledged = next;
    for (let lane = 0; lane < laneCount; lane++) {
      const granted = credit[lane] as number;
      if (granted < (speaker.credit[lane] as number)) return `less credit in lane ${lane} than before`;
      speaker.credit[lane] = granted;
      end.credit[lane] = Math.max(end.credit[lane] as number, granted);
    }
    const sent = end.other?.sent ?? next;
    return next > sent ? `it has ${next} records, where ${sent} were sent` : undefined;
  }

  #endOf(key: string): End {
    const known = this.#ends.get(key);
    if (known !== undefined) return known;
    const end: End = {
      credit: Array(laneCount).fill(0),
      sentBytes: Array(laneCount).fill(0),
      sent: 0,
      other: undefined,
    };
    this.#ends.set(key, end);
    return end;
  }
}

function keyOf(incarnation: Uint8Array): string {
  return String.fromCharCode(...incarnation);
}
