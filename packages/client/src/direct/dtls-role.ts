/** What a side is in the DTLS handshake (RFC 8842 §5.2): `active` is the client, `passive` the server. */
export type DtlsRole = "active" | "passive";

const setup = /^a=setup:(\S+)/gm;

/** The role that the maker of an answer takes by it. */
export function roleOf(answer: string): DtlsRole | undefined {
  const word = [...answer.matchAll(setup)][0]?.[1];
  return word === "active" || word === "passive" ? word : undefined;
}

export function oppositeRole(role: DtlsRole | undefined): DtlsRole | undefined {
  if (role === undefined) return undefined;
  return role === "active" ? "passive" : "active";
}

/**
 * An offer that leaves its answerer no role but the one it has. A restart goes on over the DTLS that is there (RFC 8842 §5.5). Trap:
 * Firefox has forgotten its role once it rolled back an offer of its own; Chromium refuses the answer, and between two Firefox the
 * channel closes.
 */
export function offerFor(role: DtlsRole | undefined, offer: string): string {
  const theirs = oppositeRole(role);
  return theirs === undefined ? offer : offer.replace(setup, `a=setup:${theirs}`);
}
