/**
 * Every reason for which Skein fails. Codes are stable: programs match on them, never on the text.
 *
 * | code | when |
 * |---|---|
 * | `aborted` | the caller's `AbortSignal` fired |
 * | `bad-argument` | an argument can't be used; the message says which and why |
 * | `bad-body` | a body doesn't fit the schema of its definition, or can't be written as MessagePack |
 * | `bad-message` | remote bytes couldn't be read, or broke a rule of the wire |
 * | `closed` | the room was left, or closed by the server |
 * | `expired` | the token's time is over: join with a new one |
 * | `handler-failed` | the other side's handler threw |
 * | `link-lost` | the link ended before the message was known to have arrived |
 * | `no-engine` | this platform has no RTCPeerConnection, and none was passed in |
 * | `no-handler` | the other side doesn't handle this message |
 * | `no-such-peer` | no peer of that id is in the room |
 * | `not-authorised` | the server refused the join: bad proof, bad token |
 * | `protocol-mismatch` | no common version of the app protocol, or the other side doesn't speak it |
 * | `rate-limited` | too much too fast; `retryAfterMs` says when to try again |
 * | `replaced` | the same identity joined again from somewhere else |
 * | `room-full` | the room, or the server, has no place left |
 * | `server-unreachable` | nobody answers at the server's address, or what answers isn't a Skein server |
 * | `timeout` | the deadline passed |
 * | `too-large` | over a limit; the message says which |
 * | `unsupported-version` | no common version of the wire protocol |
 */
export type ErrorCode =
  | "aborted"
  | "bad-argument"
  | "bad-body"
  | "bad-message"
  | "closed"
  | "expired"
  | "handler-failed"
  | "link-lost"
  | "no-engine"
  | "no-handler"
  | "no-such-peer"
  | "not-authorised"
  | "protocol-mismatch"
  | "rate-limited"
  | "replaced"
  | "room-full"
  | "server-unreachable"
  | "timeout"
  | "too-large"
  | "unsupported-version";

export const errorCodes: ReadonlySet<string> = new Set<ErrorCode>([
  "aborted",
  "bad-argument",
  "bad-body",
  "bad-message",
  "closed",
  "expired",
  "handler-failed",
  "link-lost",
  "no-engine",
  "no-handler",
  "no-such-peer",
  "not-authorised",
  "protocol-mismatch",
  "rate-limited",
  "replaced",
  "room-full",
  "server-unreachable",
  "timeout",
  "too-large",
  "unsupported-version",
]);

/** Whether a word from the wire is one of our codes. */
export function isErrorCode(word: string): word is ErrorCode {
  return errorCodes.has(word);
}

/** What {@link SkeinError} takes beside its code and text. */
export interface SkeinErrorOptions {
  readonly cause?: unknown;
  /** How long to wait before trying again, where that helps. Milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * The one error class. Its `code` says what happened, its message what to do about it.
 *
 * Use {@link SkeinError.is} rather than `instanceof`: two copies of this package in one bundle then agree.
 *
 * @example
 * try { await room.send(peer, chat.say, body); }
 * catch (error) { if (SkeinError.is(error, "link-lost")) retryLater(); else throw error; }
 */
export class SkeinError extends Error {
  override readonly name = "SkeinError";
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: SkeinErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Recognises a Skein error by its shape, and by its code where one is given. */
  static is(value: unknown, code?: ErrorCode): value is SkeinError {
    if (!(value instanceof Error) || value.name !== "SkeinError") return false;
    const actual = (value as { code?: unknown }).code;
    return typeof actual === "string" && (code === undefined || actual === code);
  }

  /** Whatever was thrown, as a Skein error: unchanged if it is one, as the `cause` of a new one otherwise. */
  static from(value: unknown, code: ErrorCode, message?: string): SkeinError {
    return skeinErrorOf(value, code, message);
  }
}

/** Outside of the class: esbuild gives one that speaks of itself another name, `_SkeinError`, and that is what consoles would show. */
function skeinErrorOf(value: unknown, code: ErrorCode, message = textOf(value)): SkeinError {
  return SkeinError.is(value) ? value : new SkeinError(code, message, { cause: value });
}

/** Anything can be thrown, also what can't be made a string. */
function textOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  try {
    return String(value);
  } catch {
    return "something that has no text was thrown";
  }
}

/** Mistakes of the program that makes the call. */
const ownMistakes: ReadonlySet<ErrorCode> = new Set(["bad-argument", "bad-body", "no-engine", "too-large"]);

/** Whether another peer, the server or the network brought a failure about, or the program's own wish: it is no mistake to be told loudly. */
export function isFromOutside(error: unknown): error is SkeinError {
  return SkeinError.is(error) && !ownMistakes.has(error.code);
}
