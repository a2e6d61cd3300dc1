import type { Card } from "@skein/protocol";
import { browserKind, type Engine } from "../engine/engine.js";

/** The side with the smaller id gives way when offers cross. */
export function isPolite(mine: Pick<Card, "id">, theirs: Pick<Card, "id">): boolean {
  return mine.id < theirs.id;
}

/**
 * Whether we offer first. Between a browser and another engine the browser does (2 s faster with Firefox); otherwise the
 * impolite side, whose offer would win anyway.
 */
export function offersFirst(mine: Pick<Card, "id" | "kind">, theirs: Pick<Card, "id" | "kind">): boolean {
  const weAreBrowser = mine.kind === browserKind;
  const theyAreBrowser = theirs.kind === browserKind;
  return weAreBrowser === theyAreBrowser ? !isPolite(mine, theirs) : weAreBrowser;
}

/** Whether both sides' engines restart ICE. Of another's only its kind is known, and browsers do. */
export function bothRestart(engine: Pick<Engine, "restart">, theirs: Pick<Card, "kind">): boolean {
  return engine.restart && theirs.kind === browserKind;
}
