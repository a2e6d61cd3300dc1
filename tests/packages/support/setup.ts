import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { installAll } from "./fresh-app.ts";
import { type Packed, packAll } from "./packed.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** By their folders' names in `packages`. */
    readonly packed: readonly (readonly [name: string, packed: Packed])[];
    /** Where npm installed all of them, as strangers would. */
    readonly installed: string;
  }
}

/** Packs every package, and installs what was packed: once, for all files of these tests. */
export async function setup(project: TestProject): Promise<() => void> {
  const packed = await packAll(".cache/packs");
  const installed = await installAll([...packed.values()].map(({ tarball }) => tarball));
  project.provide("packed", [...packed]);
  project.provide("installed", installed);
  return () => rmSync(installed, { recursive: true, force: true });
}
