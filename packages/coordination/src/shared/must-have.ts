import { SkeinError } from "@skein/protocol";

/**
 * For programs that no compiler looks at: what is missing would fail later, elsewhere, and in other words.
 * @throws {SkeinError} `bad-argument` where an option that has to be given isn't
 */
export function mustHave<Key extends string>(
  what: string,
  options: Readonly<Partial<Record<Key, unknown>>> | undefined,
  key: Key,
  maker: string,
): void {
  const value = options?.[key];
  if (value instanceof Promise)
    throw new SkeinError("bad-argument", `${what} was given a promise as \`${key}\`: await it.`);
  if (typeof value === "object" && value !== null) return;
  throw new SkeinError("bad-argument", `${what} takes as \`${key}\` what ${maker} gave.`);
}
