/** What a package says of itself. */
export interface Licensed {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string | undefined;
  /** An older way to say it. */
  readonly licenses?: readonly { readonly type: string }[];
}

/** Those that ask for no more than that their text comes along. As SPDX names them. */
const allowed = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "Unlicense",
]);

/**
 * Those whose licence asks that changes of their own files are published: we change none, and load them as they are. Both have an addon of
 * libdatachannel in them.
 */
const allowedByName: Readonly<Record<string, string>> = { "node-datachannel": "MPL 2.0" };
const allowedByScope: Readonly<Record<string, string>> = { "@node-datachannel": "MPL 2.0" };

export function licenceOf({ license, licenses = [] }: Licensed): string {
  return license ?? licenses.map(({ type }) => type).join(" AND ");
}

export function isAllowed(manifest: Licensed): boolean {
  const { name = "" } = manifest;
  const licence = licenceOf(manifest);
  const scope = name.split("/")[0] ?? "";
  return allowedByName[name] === licence || allowedByScope[scope] === licence || isAllowedExpression(licence);
}

/** One of those that "or" offers is enough; of those that "and" joins, each counts. */
function isAllowedExpression(expression: string): boolean {
  const choices = expression.replaceAll(/[()]/g, "").split(" OR ");
  return choices.some((choice) => choice.split(" AND ").every((licence) => allowed.has(licence.trim())));
}
