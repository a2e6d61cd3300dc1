// `npm run release`: makes the next version of what the changesets say, and packs it. `-- --dry-run` does the same in a copy, and
// leaves everything here as it is; `--allow-dirty` goes with it alone.
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { isFrozen, packingFaults, publishingOrder, sharedVersion, treeObstacle } from "./release/plan.mjs";
import { environment, Failure, main, packages, pnpmVersion, prepare, root } from "./workspace.mjs";

const execute = promisify(execFile);

const help = `npm run release             makes the version that .changeset asks for, and packs it
npm run release -- --dry-run  shows what that would be, in a copy`;

await main(async () => {
  const args = process.argv.slice(2);
  const unknown = args.find((arg) => !["--dry-run", "--allow-dirty"].includes(arg));
  if (unknown !== undefined) throw new Failure(`"${unknown}" isn't known here.\n${help}`);
  const isRehearsal = args.includes("--dry-run");
  await refuseDirtyTree(isRehearsal && args.includes("--allow-dirty"));
  if (!isRehearsal) await refuseShallowClone();
  await prepare();
  const folder = isRehearsal ? await copy() : root;
  try {
    print(await release(folder), isRehearsal);
  } finally {
    if (isRehearsal) rmSync(folder, { recursive: true, force: true });
  }
  return 0;
});

async function refuseDirtyTree(mayBeDirty) {
  const obstacle = treeObstacle(await output("git", ["status", "--porcelain"], root));
  if (obstacle !== undefined && !mayBeDirty) throw new Failure(obstacle);
}

/** Changelogs name the commit that each changeset came with. */
async function refuseShallowClone() {
  const answer = await output("git", ["rev-parse", "--is-shallow-repository"], root);
  if (answer.trim() === "true") {
    throw new Failure("A release needs the whole history, and this clone has its end alone: git fetch --unshallow");
  }
}

/** What is committed, in a repository of its own with one commit, for this one may be a shallow clone; with what was built and installed here. */
async function copy() {
  const folder = join(root, ".cache/release/rehearsal");
  rmSync(folder, { recursive: true, force: true });
  await output("git", ["clone", "--quiet", "--shared", root, folder], root);
  rmSync(join(folder, ".git"), { recursive: true });
  const author = ["-c", "user.name=rehearsal", "-c", "user.email=rehearsal@localhost"];
  await output("git", ["init", "--quiet", "--initial-branch=main"], folder);
  await output("git", ["add", "--all"], folder);
  await output("git", [...author, "commit", "--quiet", "--no-verify", "--message=Rehearsal"], folder);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const name of packages()) {
    // Links to other packages lead to those of the copy.
    for (const each of ["dist", "node_modules/@skein"]) {
      const from = join(root, "packages", name, each);
      const to = join(folder, "packages", name, each);
      if (existsSync(from)) cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    }
  }
  return folder;
}

async function release(folder) {
  const before = sharedVersion(manifestsOf(folder));
  await output("changeset", ["version"], folder);
  const manifests = publishingOrder(manifestsOf(folder));
  const version = sharedVersion(manifests);
  if (version === before) return { before, version, packed: [] };
  if (isFrozen(version)) await freeze(folder, version);
  const packed = await pack(folder, manifests);
  const faults = (await Promise.all(packed.map((each) => faultsOf(each, version)))).flat();
  if (faults.length > 0) throw new Failure(faults.join("\n"));
  return { before, version, packed };
}

/** Those that are published, from what lies in `packages`. */
function manifestsOf(folder) {
  return packages().map((name) => JSON.parse(readFileSync(join(folder, "packages", name, "package.json"), "utf8")));
}

/** Later releases are held against this one: tests/compat. */
async function freeze(folder, version) {
  const { freeze: bundle } = await import("../tests/compat/freeze.mjs");
  await bundle(join(folder, "tests/compat/releases", version), version);
}

async function pack(folder, manifests) {
  const target = join(folder, ".cache/release/tarballs");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const filter = ["-r", "--filter", "./packages/*", "pack", "--pack-destination", target];
  await output("npx", ["-y", `pnpm@${pnpmVersion}`, ...filter], folder);
  return manifests.map(({ name, version }) => {
    const tarball = join(target, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
    return { name, tarball, bytes: statSync(tarball).size };
  });
}

async function faultsOf({ name, tarball }, version) {
  const listing = await output("tar", ["--list", "--file", tarball], root);
  const manifest = JSON.parse(
    await output("tar", ["--extract", "--to-stdout", "--file", tarball, "package/package.json"], root),
  );
  const files = listing.split("\n").map((path) => path.replace(/^package\//, ""));
  return [...packingFaults(manifest, files, version), ...(await publintFaults(name, tarball))];
}

async function publintFaults(name, tarball) {
  const { publint } = await import("publint");
  const { formatMessage } = await import("publint/utils");
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) },
  });
  return messages
    .filter(({ type }) => type === "error")
    .map((message) => `${name}: ${formatMessage(message, pkg, { color: false })}`);
}

function print({ before, version, packed }, isRehearsal) {
  if (packed.length === 0) return console.log(`Nothing to release after ${before}: no changeset says what is new.`);
  const lines = packed.map(({ name, bytes }) => `  ${name.padEnd(24)}${(bytes / 1000).toFixed(0).padStart(6)} KB`);
  console.log(`${isRehearsal ? "Would release" : "Made"} ${version}, after ${before}, to be published in this order:`);
  console.log(lines.join("\n"));
  if (isRehearsal) return console.log("Nothing was changed, and nothing published.");
  console.log(`\nLook at the changelogs, then:

  git add --all && git commit --message "Version ${version}" && git tag v${version}

and, where provenance can be proven (a CI job with an identity token; docs/versions.md):
`);
  for (const { tarball } of packed) console.log(`  npm publish ${tarball} --access public --provenance`);
}

/** What a command prints, or a failure that has the end of it. */
async function output(command, args, cwd) {
  try {
    const { stdout } = await execute(command, args, { cwd, env: environment, maxBuffer: 1 << 26 });
    return stdout;
  } catch ({ stdout, stderr }) {
    const end = `${stdout}\n${stderr}`.trimEnd().split("\n").slice(-20).join("\n");
    throw new Failure(`${end}\n${command} ${args.join(" ")} failed.`);
  }
}
