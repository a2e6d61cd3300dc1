// What a release has to be: decided from what was read, without reading anything.

/** What stands in the way of a release, if anything does. @param status as `git status --porcelain` prints it */
export function treeObstacle(status) {
  const [first] = status.split("\n").filter((line) => line !== "");
  return first === undefined
    ? undefined
    : `A release is made of what is committed, and this isn't: ${first.slice(3)}. Commit it or put it aside.`;
}

/** The one version that all packages have. @param manifests those that are published */
export function sharedVersion(manifests) {
  const versions = [...new Set(manifests.map(({ version }) => version))];
  if (versions.length === 1) return versions[0];
  throw new Error(`All packages share one version, and these have ${versions.join(", ")}.`);
}

/** The order to publish in: nobody may find a package in the registry whose dependencies aren't there yet. */
export function publishingOrder(manifests) {
  const ordered = [];
  const visit = (manifest) => {
    if (ordered.includes(manifest)) return;
    for (const each of manifests) if (each.name in (manifest.dependencies ?? {})) visit(each);
    ordered.push(manifest);
  };
  manifests.forEach(visit);
  return ordered;
}

/** What is wrong with a package as it was packed: sentences. */
export function packingFaults({ name, version, dependencies = {} }, files, expectedVersion) {
  const faults = [];
  if (version !== expectedVersion) faults.push(`${name} is packed as ${version}, not as ${expectedVersion}.`);
  for (const file of ["LICENSE", "README.md", "package.json"]) {
    if (!files.includes(file)) faults.push(`${name} has no ${file}.`);
  }
  if (!files.some((file) => file.startsWith("dist/"))) faults.push(`${name} isn't built.`);
  for (const [other, range] of Object.entries(dependencies)) {
    if (other.startsWith("@skein/") && range !== expectedVersion)
      faults.push(`${name} asks for ${other} ${range}, and it will be ${expectedVersion}.`);
  }
  return faults;
}

/** A minor is frozen, so that later ones are held against it. */
export const isFrozen = (version) => /^\d+\.\d+\.0$/.test(version);
