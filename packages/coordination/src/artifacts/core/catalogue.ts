import type { PeerId } from "@skein/protocol";
import type { ArtifactId } from "./content-id.js";

/** What somebody says that it has. */
export interface Claim {
  readonly id: ArtifactId;
  readonly bytes: number;
  /** In its holder's words: nothing vouches for them. */
  readonly meta?: unknown;
}

/** An artifact that others have, and who. */
export interface Listing extends Claim {
  readonly holders: readonly PeerId[];
}

/** Of one holder; what it says beyond that is passed over. */
export const claimsMost = 1024;

/** Who says that it has what. A holder's words cost what it may say, and go with it. */
export class Catalogue {
  readonly #claims = new Map<PeerId, Map<ArtifactId, Claim>>();
  /** What was passed over. */
  overLimit = 0;

  /** Whether it is news. */
  add(holder: PeerId, claim: Claim): boolean {
    const of = this.#claims.get(holder) ?? new Map<ArtifactId, Claim>();
    this.#claims.set(holder, of);
    if (of.size >= claimsMost && !of.has(claim.id)) {
      this.overLimit++;
      return false;
    }
    const isNews = !of.has(claim.id);
    of.set(claim.id, claim);
    return isNews;
  }

  remove(holder: PeerId, id: ArtifactId): boolean {
    return this.#claims.get(holder)?.delete(id) ?? false;
  }

  leave(holder: PeerId): readonly ArtifactId[] {
    const ids = [...(this.#claims.get(holder)?.keys() ?? [])];
    this.#claims.delete(holder);
    return ids;
  }

  holdersOf(id: ArtifactId): readonly PeerId[] {
    return [...this.#claims].flatMap(([holder, of]) => (of.has(id) ? [holder] : []));
  }

  /** What some holder's words fit, with all who have it. Each word is looked at twice, however many say the same. */
  find(fits: (claim: Claim) => boolean): readonly Listing[] {
    const found = new Map<ArtifactId, Claim & { readonly holders: PeerId[] }>();
    for (const claim of this.#all())
      if (!found.has(claim.id) && fits(claim)) found.set(claim.id, { ...claim, holders: [] });
    if (found.size === 0) return [];
    for (const [holder, of] of this.#claims) for (const id of of.keys()) found.get(id)?.holders.push(holder);
    return [...found.values()];
  }

  *#all(): Generator<Claim> {
    for (const of of this.#claims.values()) yield* of.values();
  }
}
