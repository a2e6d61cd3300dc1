/**
 * Why remote bytes were turned away. Each is counted by whoever decodes; none is ever thrown.
 *
 * `malformed`: not what the format says · `over-limit`: larger, deeper or more than allowed · `forged`: a signature or seal
 * that doesn't verify · `replayed`: seen before · `unknown-type`: well formed, of a type this version doesn't know ·
 * `unsupported-version`: of a version this one can't read.
 */
export type RejectionCode = "malformed" | "over-limit" | "forged" | "replayed" | "unknown-type" | "unsupported-version";

/** A value read from remote bytes, or why there is none. */
export type Decoded<Value> = Accepted<Value> | Rejected;

/** A value that was read from remote bytes. */
export interface Accepted<Value> {
  readonly ok: true;
  readonly value: Value;
}

/** Why remote bytes were turned away: a code to count by, and a sentence for people. */
export interface Rejected {
  readonly ok: false;
  readonly code: RejectionCode;
  /** For people: what was wrong. Never holds the bytes themselves. */
  readonly reason: string;
}

/** Says that a value could be read. */
export function accept<Value>(value: Value): Accepted<Value> {
  return { ok: true, value };
}

/** Says why none could. */
export function reject(code: RejectionCode, reason: string): Rejected {
  return { ok: false, code, reason };
}
