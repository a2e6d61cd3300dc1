import { SkeinError } from "@skein/protocol";

/** Where a backplane is. Only this may be told to people: the address that was given may hold a password. */
export interface BackplaneAddress {
  readonly url: URL;
  readonly shown: string;
}

/** @throws {SkeinError} `bad-argument` */
export function readAddress(text: string, schemes: readonly string[], defaultPort: number): BackplaneAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1) ?? "";
  if (url === undefined || !schemes.includes(scheme) || url.hostname === "") {
    // Without the text: what can't be read may have a password anywhere.
    throw new SkeinError(
      "bad-argument",
      `This is no backplane's address: those look like ${schemes[0]}://example.org:${defaultPort}.`,
    );
  }
  return { url, shown: `${scheme}://${url.hostname}:${url.port || defaultPort}` };
}

/** @throws {SkeinError} `bad-argument` for a prefix that isn't the same to every backplane. */
export function checkPrefix(prefix: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(prefix)) return prefix;
  throw new SkeinError("bad-argument", "A backplane's prefix has 1 to 64 letters, digits, _ or -.");
}

export function unreachable({ shown }: BackplaneAddress, cause: unknown): SkeinError {
  const why = reasonOf(cause);
  return new SkeinError(
    "bad-argument",
    `The backplane at ${shown} can't be used (${why}): does it run there, and is the password right?`,
  );
}

/** A word of our own: the libraries' sentences may quote what they were given. */
function reasonOf(cause: unknown): string {
  const code = codeOf(cause);
  if (code !== undefined) return code;
  const text = cause instanceof Error ? `${cause.name} ${cause.message}` : "";
  if (/auth|WRONGPASS|NOPERM/i.test(text)) return "it refuses the credentials";
  return /time-?out/i.test(text) ? "it doesn't answer" : "no connection";
}

/** The platform's code, which the libraries wrap in errors of their own. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, originalError, errors } = error as Error & {
    readonly code?: unknown;
    readonly originalError?: unknown;
    readonly errors?: readonly unknown[];
  };
  if (typeof code === "string" && /^E[A-Z_]{2,30}$/.test(code)) return code;
  return codeOf(originalError ?? errors?.[0] ?? error.cause);
}
