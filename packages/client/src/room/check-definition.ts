import { type ProtocolVersions, SkeinError } from "@skein/protocol";
import type { AnyDefinition } from "../link/outgoing-types.js";

/** For programs that no compiler looks at. @throws {SkeinError} `bad-argument` */
export function checkHandler(definition: AnyDefinition, handler: unknown, protocols: ProtocolVersions): void {
  if (typeof definition?.name !== "string" || typeof handler !== "function") {
    throw new SkeinError("bad-argument", "`handle` takes a message or request, as `chat.say`, and a function.");
  }
  // Peers send nothing of what we don't say that we speak: the handler would wait for ever.
  if (Object.hasOwn(protocols, definition.protocol)) return;
  throw new SkeinError(
    "bad-argument",
    `Nobody would send ${definition.name}: list ${definition.protocol} in joinRoom's \`protocols\`.`,
  );
}
