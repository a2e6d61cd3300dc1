import type { Peer } from "@skein/client";

/** Of an id, so that it is no guess. */
const idCharactersLeast = 8;

/** Whether a peer is who a person means: by its whole name, or by its id or the beginning of it. */
export function isCalled({ id, card }: Pick<Peer, "id" | "card">, wanted: string): boolean {
  return card.name === wanted || (wanted.length >= idCharactersLeast && id.startsWith(wanted));
}

/** What a peer is called among people. */
export function nameOf({ id, card }: Pick<Peer, "id" | "card">): string {
  return card.name ?? id.slice(0, idCharactersLeast);
}
