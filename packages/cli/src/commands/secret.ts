import { randomBytes } from "node:crypto";
import { Command } from "commander";

/** `skein secret`. */
export function secretCommand(): Command {
  return new Command("secret")
    .description(
      "Make a room secret: 32 random bytes as text. Whoever lacks it can't be linked to; the server never sees it.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ (umask 077; skein secret > lab.secret)
  $ skein join lab --secret-file lab.secret`,
    )
    .action(() => {
      process.stdout.write(`${randomBytes(32).toString("base64url")}\n`);
    });
}
