import { createHmac } from "node:crypto";

/** What a client shows a TURN server. */
export interface TurnCredential {
  readonly username: string;
  readonly credential: string;
}

/**
 * A credential that expires by itself: the scheme of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00 §2.2). The TURN server
 * and whoever calls this share the secret, and nothing else.
 *
 * @param id whom it is for: the TURN server counts its quotas by it. It travels in clear text.
 * @param expiresSeconds seconds since 1970.
 */
export function turnCredential(secret: string, id: string, expiresSeconds: number): TurnCredential {
  const username = `${expiresSeconds}:${id}`;
  return { username, credential: createHmac("sha1", secret).update(username).digest("base64") };
}

/**
 * A client's name for a TURN server: the same each time, so that quotas hold, and nothing that a network or that server's log could know
 * the client by elsewhere.
 */
export function turnIdOf(secret: string, client: string): string {
  return createHmac("sha256", secret).update(`skein/1 turn\0${client}`).digest("base64url").slice(0, 16);
}
