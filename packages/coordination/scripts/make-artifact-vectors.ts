// Writes packages/coordination/vectors/*.json: `node packages/coordination/scripts/make-artifact-vectors.ts`. Made from the specification's words alone, with Node's
// own SHA-256, so that the package is held against something other than itself.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";

export const vectorFolder = new URL("../vectors/", import.meta.url);

const chunkBytes = 262_144;
const sha256 = (...parts: readonly Uint8Array[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** Content that is written down in a line: byte `i` is `i · 31 + floor(i / 65,536)`, modulo 256. */
export function pattern(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index * 31 + Math.floor(index / 65_536)) % 256);
}

function artifactVector(bytes: number) {
  const content = pattern(bytes);
  const count = Math.ceil(bytes / chunkBytes);
  const hashes = Array.from({ length: count }, (_, index) =>
    sha256(content.subarray(index * chunkBytes, (index + 1) * chunkBytes)),
  );
  const head = Buffer.alloc(12);
  head.writeBigUInt64BE(BigInt(bytes), 0);
  head.writeUInt32BE(chunkBytes, 8);
  const id = sha256(Buffer.from("skein/1 artifact\0"), head, ...hashes);
  return { bytes, hashes: hashes.map((hash) => hash.toString("hex")), id: id.toString("hex") };
}

const sizes = [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes, 1_000_000];

/** The files' texts by name. */
export function makeVectors(): Record<string, string> {
  const lines = sizes.map((bytes) => `    ${JSON.stringify(artifactVector(bytes))}`);
  return { "artifact.json": `{\n  "artifacts": [\n${lines.join(",\n")}\n  ]\n}\n` };
}

if (import.meta.main) {
  mkdirSync(vectorFolder, { recursive: true });
  for (const [name, text] of Object.entries(makeVectors())) writeFileSync(new URL(name, vectorFolder), text);
}
