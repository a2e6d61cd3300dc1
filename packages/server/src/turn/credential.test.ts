import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { turnCredential, turnIdOf } from "./credential.js";

const vectors = JSON.parse(
  readFileSync(new URL("../../../protocol/vectors/turn-credential.json", import.meta.url), "utf8"),
) as {
  accepted: { secret: string; id: string; expiresSeconds: number; username: string; credential: string }[];
};

describe("a TURN server's credential", () => {
  it.each(vectors.accepted)("$username is made as its vector says", ({ secret, id, expiresSeconds, ...made }) => {
    expect(turnCredential(secret, id, expiresSeconds)).toEqual(made);
  });

  it("names its client the same each time, by a word that doesn't hold the client's own", () => {
    expect(turnIdOf("a secret of ours", "ada")).toBe(turnIdOf("a secret of ours", "ada"));
    expect(turnIdOf("a secret of ours", "ada")).toMatch(/^[\w-]{16}$/);
    expect(turnIdOf("a secret of ours", "eve")).not.toBe(turnIdOf("a secret of ours", "ada"));
    expect(turnIdOf("another secret", "ada")).not.toBe(turnIdOf("a secret of ours", "ada"));
  });
});
