import type { Endpoint } from "./nat.js";

/** RFC 8445 §4. */
export type CandidateType = "host" | "srflx" | "prflx" | "relay";

export interface IceCandidate extends Endpoint {
  readonly type: CandidateType;
  readonly priority: number;
}

/** RFC 8445 §5.1.2.2: recommended preferences. */
const typePreference: Readonly<Record<CandidateType, number>> = { host: 126, prflx: 110, srflx: 100, relay: 0 };

/** RFC 8445 §5.1.2.1, for one component and one interface. */
export function priorityOf(type: CandidateType): number {
  return typePreference[type] * 2 ** 24 + 65_535 * 2 ** 8 + 255;
}

export function candidateOf(type: CandidateType, { address, port }: Endpoint): IceCandidate {
  return { type, address, port, priority: priorityOf(type) };
}

/** RFC 8839 §5.1. */
export function writeCandidate({ type, address, port, priority }: IceCandidate, fragment: string): string {
  return `candidate:1 1 udp ${priority} ${address} ${port} typ ${type} ufrag ${fragment}`;
}

export function readCandidate(line: string): IceCandidate | undefined {
  const match = /^candidate:\S+ 1 udp (\d+) (\S+) (\d+) typ (host|srflx|prflx|relay)\b/i.exec(line);
  if (match === null) return undefined;
  const [, priority = "", address = "", port = "", type = ""] = match;
  return { type: type as CandidateType, address, port: Number(port), priority: Number(priority) };
}

/** The generation of credentials that a candidate belongs to. */
export function fragmentOfCandidate(line: string): string | undefined {
  return /\bufrag (\S+)/.exec(line)?.[1];
}

/** RFC 8445 §6.1.2.3. */
export function pairPriority(controlling: number, controlled: number): number {
  return (
    2 ** 32 * Math.min(controlling, controlled) +
    2 * Math.max(controlling, controlled) +
    (controlling > controlled ? 1 : 0)
  );
}
