import { SkeinError } from "@skein/protocol";

/** What file systems and browsers say where there is no room left. */
const fullNames: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "QuotaExceededError"]);

/** A store that is full says so in words of its platform: everyone else says `too-large`. What else it throws stays as it is. */
export function storeError(error: unknown): unknown {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (SkeinError.is(error) || !(fullNames.has(code) || fullNames.has(name))) return error;
  return new SkeinError("too-large", "The store is full: remove artifacts, or give it more room.", { cause: error });
}
