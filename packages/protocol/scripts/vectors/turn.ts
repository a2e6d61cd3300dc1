import { createHmac } from "node:crypto";

/** Credentials for a TURN server that expire by themselves: `docs/spec/server.md`. */
export function turnCredentialVectors() {
  const vector = (secret: string, id: string, expiresSeconds: number) => {
    const username = `${expiresSeconds}:${id}`;
    const credential = createHmac("sha1", secret).update(username, "utf8").digest("base64");
    return { secret, id, expiresSeconds, username, credential };
  };
  return {
    accepted: [
      vector("north-wind-and-the-sun", "Pq3xV0nLw8uYt1aB", 1_790_003_600),
      vector("north-wind-and-the-sun", "Pq3xV0nLw8uYt1aB", 1_790_003_601),
      vector(
        "another secret, of more than sixty-four bytes, which HMAC hashes before it uses it",
        "ada",
        4_102_444_800,
      ),
      vector("geheimnis-schlüssel", "ada:with:colons", 0),
    ],
    rejected: [],
  };
}
