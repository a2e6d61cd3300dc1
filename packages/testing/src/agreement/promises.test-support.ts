import { type Election, type Lock, type Outcome, verifyCertificate } from "@skein/coordination";
import { toBase64Url } from "@skein/protocol";
import { syncEd25519 } from "../world/sync-ed25519.js";
import { FencedResource } from "./fenced-resource.test-support.js";

/** Who runs at this moment, and what it says of itself. A process that stands still says nothing; it looks at the clock before it does. */
export interface Witness {
  readonly election: Election | undefined;
  readonly held: Lock | undefined;
}

/** What elections, locks and votes promise, held against what those who run say after each step. */
export class Promises {
  readonly #isExclusive: boolean;
  /** By term; where each part of a room has a leader, by term and leader. */
  readonly #leaders = new Map<string, Election>();
  readonly #certificates = new Map<string, string>();
  readonly #tokens = { leader: "", lock: "" };
  /** What leaders write to, and holders of the lock; late ones as well. */
  readonly led = new FencedResource("what the leader writes to");
  readonly locked = new FencedResource("what the lock is for");

  /** @param isExclusive whether a quorum stands behind each leader: then there is one at a time, not one in each part. */
  constructor(isExclusive: boolean) {
    this.#isExclusive = isExclusive;
  }

  get terms(): number {
    return this.#leaders.size;
  }

  get proven(): number {
    return this.#certificates.size;
  }

  /** What isn't as promised, now. */
  problem(witnesses: readonly Witness[]): string | undefined {
    const leading = witnesses.flatMap(({ election }) => (election?.isLeader ? [election] : []));
    const holding = witnesses.flatMap(({ held }) => (held?.isHeld ? [held] : []));
    return (
      this.#oneATerm(leading) ??
      this.#oneATime(leading, holding) ??
      this.led.problem ??
      this.locked.problem ??
      undefined
    );
  }

  /** A proposal's outcome, which another one must not contradict. */
  async outcome({ end, certificate }: Outcome): Promise<string | undefined> {
    if (certificate === undefined) return undefined;
    const proof = await verifyCertificate(certificate, { ed25519: syncEd25519 });
    if (!proof.ok) return `a certificate that isn't one: ${proof.reason}`;
    if (proof.value.decision !== end) return `it is ${end}, and its certificate says ${proof.value.decision}`;
    return this.#agree(toBase64Url(proof.value.hash), end);
  }

  /** What somebody was told of a proposal, with proof. */
  told(hash: string, end: string): string | undefined {
    return this.#agree(hash, end);
  }

  #agree(hash: string, end: string): string | undefined {
    const before = this.#certificates.get(hash) ?? end;
    this.#certificates.set(hash, end);
    return before === end ? undefined : `two certificates of one proposal: ${before} and ${end}`;
  }

  #oneATerm(leading: readonly Election[]): string | undefined {
    for (const election of leading) {
      const { id, term } = election.leader ?? { id: "", term: 0 };
      const key = this.#isExclusive ? `${term}` : `${term} ${id}`;
      if ((this.#leaders.get(key) ?? election) !== election) return `two led in term ${key}`;
      this.#leaders.set(key, election);
    }
    return undefined;
  }

  #oneATime(leading: readonly Election[], holding: readonly Lock[]): string | undefined {
    if (!this.#isExclusive) return undefined;
    if (leading.length > 1) return "two lead at once";
    if (holding.length > 1) return "two hold the lock";
    return this.#rises("leader", leading[0]?.token) ?? this.#rises("lock", holding[0]?.token);
  }

  #rises(of: "leader" | "lock", token = this.#tokens[of]): string | undefined {
    if (token < this.#tokens[of]) return `the ${of}'s token ${token} after ${this.#tokens[of]}`;
    this.#tokens[of] = token;
    return undefined;
  }
}
