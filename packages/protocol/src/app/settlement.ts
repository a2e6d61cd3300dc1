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

/** Orders versions by their numbers: negative where `a` is the lower. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The versions that a list of protocols stands for; the same name may appear more than once. */
export function versionsOf(heads: readonly ProtocolHead[]): Record<string, string[]> {
  const versions: Record<string, string[]> = {};
  for (const { name, versions: some } of heads) {
    versions[name] = [...new Set([...(versions[name] ?? []), ...some])];
  }
  return versions;
}
