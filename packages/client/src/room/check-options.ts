import { limits, SkeinError } from "@skein/protocol";
import type { JoinOptions } from "./options.js";

type Rule = readonly [key: keyof JoinOptions, what: string, isSo: (value: unknown) => boolean];

/** For programs that no compiler looks at: what is found here would fail later, elsewhere, and in other words. */
const rules: readonly Rule[] = [
  ["server", "an address, or a list of them", (value) => isText(value) || isListOf(value, isText)],
  [
    "room",
    `a name of 1 to ${limits.nameLength} characters`,
    (value) => isText(value) && value.length <= limits.nameLength,
  ],
  ["protocols", "a list of what defineProtocol gave", (value) => isListOf(value, having("~protocol"))],
  ["paths", "a list, such as [relayFallback()]", (value) => isListOf(value, having("attach"))],
  ["iceServers", "a list, such as [{ urls }]", (value) => isListOf(value, having("urls"))],
  ["identity", "what loadIdentity gave", having("sign")],
  ["token", "a function", (value) => typeof value === "function"],
  ["secret", "a text that nobody guesses", isText],
];

/** @throws {SkeinError} `bad-argument` that says which option has to be what. */
export function checkOptions(options: JoinOptions | undefined): asserts options is JoinOptions {
  if ((options?.server === undefined) === (options?.signaling === undefined)) {
    throw new SkeinError("bad-argument", "joinRoom takes one of `server` (an address) and `signaling`.");
  }
  for (const [key, what, isSo] of rules) {
    const value = options?.[key];
    if ((value === undefined && key !== "room") || isSo(value)) continue;
    throw new SkeinError("bad-argument", `joinRoom takes as \`${key}\` ${what}.`);
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isListOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function having(key: string): (value: unknown) => boolean {
  return (value) => typeof value === "object" && value !== null && key in value;
}
