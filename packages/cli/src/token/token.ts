import { writeFileSync } from "node:fs";
import { SkeinError } from "@skein/protocol";
import { createTokenKeys, signToken } from "@skein/server/tokens";
import { readText } from "../serve/secret-file.js";

export interface TokenCommandOptions {
  readonly key?: string;
  readonly room?: readonly string[];
  readonly right?: readonly ("join" | "relay" | "broadcast")[];
  readonly peer?: string;
  readonly subject?: string;
  readonly issuer?: string;
  readonly audience?: string;
  /** Milliseconds. */
  readonly expires: number;
  readonly newKeys?: string;
}

/** Writes a token to standard output, or a pair of keys to files. */
export async function token(options: TokenCommandOptions): Promise<void> {
  if (options.newKeys !== undefined) return writeKeys(options.newKeys);
  const { key, room: rooms, right: rights, expires: expiresInMs, ...more } = options;
  if (key === undefined || rooms === undefined) {
    throw new SkeinError(
      "bad-argument",
      "A token needs --key, to sign it with, and --room, that it is for; --new-keys makes keys.",
    );
  }
  const text = await signToken(readText(key, "The key"), { rooms, rights, expiresInMs, ...more });
  process.stdout.write(`${text}\n`);
}

/** Neither file is written over: whoever has the old public key would let nobody in any more. */
function writeKeys(file: string): void {
  const { privateKey, publicKey } = createTokenKeys();
  try {
    writeFileSync(file, privateKey, { mode: 0o600, flag: "wx" });
    writeFileSync(`${file}.pub`, publicKey, { flag: "wx" });
  } catch (cause) {
    throw new SkeinError(
      "bad-argument",
      `The keys can't be written to ${file} and ${file}.pub: is either there already?`,
      { cause },
    );
  }
}
