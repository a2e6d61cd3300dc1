import { SkeinError } from "@skein/protocol";
import type { Authorise } from "@skein/server";
import { isLoopback, placeOf, type ServeOptions } from "./options.js";
import { namingFile, readText } from "./secret-file.js";

/**
 * Who is let in: whoever has a token where there is a key, anyone where that is said, or where nobody but this machine can ask.
 * @throws {SkeinError} `bad-argument` for a server that would be open by mistake.
 */
export async function authorisationOf(options: ServeOptions): Promise<Authorise | undefined> {
  const { authKey = [], authJwks, authIssuer, authAudience, open } = options;
  const { host } = placeOf(options);
  const hasKey = authKey.length > 0 || authJwks !== undefined;
  if (hasKey && open)
    throw new SkeinError("bad-argument", "--open and a key for tokens exclude each other: choose one.");
  if (!hasKey && (authIssuer !== undefined || authAudience !== undefined)) {
    throw new SkeinError(
      "bad-argument",
      "An issuer or an audience needs a key to check tokens with: give --auth-key or --auth-jwks.",
    );
  }
  if (!hasKey) {
    if (open || isLoopback(host)) return undefined;
    throw new SkeinError(
      "bad-argument",
      `At ${host} others can reach this server: give --auth-key or --auth-jwks to let in whoever has a token, or --open to let in ` +
        "anyone, who may then join every room whose name it knows, and relay through this machine.",
    );
  }
  const { authoriseByToken, parseTokenKey } = await import("@skein/server/tokens");
  const keys = authKey.map((file) =>
    namingFile("auth-key", file, () => {
      const key = parseTokenKey(readText(file, "A key for tokens (auth-key)"));
      // Alone first: of several, nobody would be told which can't be used.
      authoriseByToken({ keys: [key] });
      return key;
    }),
  );
  return authoriseByToken({
    keys: authJwks === undefined ? keys : [...keys, { jwksUrl: authJwks }],
    issuer: authIssuer,
    audience: authAudience,
  });
}
