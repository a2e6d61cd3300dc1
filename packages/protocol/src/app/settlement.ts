import type { ProtocolHead } from "./definition.js";

/** Versions by protocol name, as cards and HELLO carry them. */
export type ProtocolVersions = Readonly<Record<string, readonly string[]>>;

/** What two peers settled for one protocol: a version, or what each side had where there is none in common. */
export type Settlement =
  | { readonly settled: true; readonly version: string }
  | { readonly settled: false; readonly ours: readonly string[]; readonly theirs: readonly string[] };

/** Per name, the highest version that both list. */
export function settleProtocol(name: string, ours: ProtocolVersions, theirs: ProtocolVersions): Settlement {
  const mine = Object.hasOwn(ours, name) ? (ours[name] ?? []) : [];
  const other = Object.hasOwn(theirs, name) ? (theirs[name] ?? []) : [];
  const common = mine.filter((version) => other.includes(version)).sort(compareVersions);
  const version = common.at(-1);
  return version === undefined ? { settled: false, ours: mine, theirs: other } : { settled: true, version };
}

/**
 * Orders versions by their numbers: negative where `a` is the lower. Only a version itself is its equal: `1.0` comes before
 * `1.0.0`, so that two sides that list both settle on the same one.
 */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".").map(partOf);
  const right = b.split(".").map(partOf);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a === b) return 0;
  return a.length - b.length || (a < b ? -1 : 1);
}

/** What isn't a number comes before all that are: a card may list anything. */
function partOf(part: string): number {
  return /^\d+$/.test(part) ? Number(part) : -1;
}

/** The versions that a list of protocols stands for; the same name may appear more than once. */
export function versionsOf(heads: readonly ProtocolHead[]): Record<string, string[]> {
  const versions = new Map<string, Set<string>>();
  for (const { name, versions: some } of heads) {
    versions.set(name, new Set([...(versions.get(name) ?? []), ...some]));
  }
  return Object.fromEntries([...versions].map(([name, some]) => [name, [...some]]));
}
