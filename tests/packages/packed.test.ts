import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Message, publint } from "publint";
import { formatMessage } from "publint/utils";
import { describe, expect, inject, it } from "vitest";
import { isLibrary, type Packed, packages } from "./support/packed.ts";

const execute = promisify(execFile);

const all = new Map(inject("packed"));

const find = (name: string): Packed => {
  const packed = all.get(name);
  if (packed === undefined) throw new Error(`${name} wasn't packed`);
  return packed;
};

/**
 * publint holds that Node ignores `imports` of a nested package.json. It doesn't (the nearest package.json counts), which
 * the test below sees: `require` finds the engine through it.
 */
const isWrongOnImports = (message: Message): boolean =>
  message.code === "NESTED_PACKAGE_JSON_FIELD_IGNORED" && message.args.field === "imports";

/** Whether a script turns text into code, which strict content security policies forbid. */
const compiles = (path: string): boolean =>
  /\beval\s*\(|\bFunction\s*\(|\bset(?:Timeout|Interval)\s*\(\s*["'`]/.test(readFileSync(path, "utf8"));

describe.each(packages)("$manifest.name, as it is published,", ({ name, source }) => {
  it("has nothing that publint objects to", async () => {
    const { tarball } = find(name);
    const bytes = readFileSync(tarball);
    const tarBytes = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const { messages, pkg } = await publint({ pack: { tarball: tarBytes }, strict: true });
    const valid = messages.filter((message) => !isWrongOnImports(message));
    expect(valid.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it("holds what was built, the licence, and no tests", () => {
    const { files } = find(name);
    expect(files).toContain("LICENSE");
    expect(files.filter((file) => /\.test(-support)?\.|(?<!\.d)\.ts$/.test(file))).toEqual([]);
    const top = new Set(files.map((file) => file.split("/")[0]));
    const expected = ["package.json", "LICENSE", "README.md", "dist", "vectors"];
    expect([...top].filter((entry) => !expected.includes(entry ?? ""))).toEqual([]);
  });

  it("asks for exact versions, from the registry", () => {
    const { dependencies, optionalDependencies } = find(name).manifest;
    const ranges = Object.entries({ ...dependencies, ...optionalDependencies });
    expect(ranges.filter(([, range]) => !/^\d+\.\d+\.\d+$/.test(range))).toEqual([]);
  });

  it("compiles no code at run time", () => {
    const { folder, files } = find(name);
    // The demo's page is one script with all that it imports in it: only our own code is held to this.
    const scripts = files.filter((file) => file.endsWith(".js") && !file.startsWith("dist/page/"));
    expect(scripts.filter((file) => compiles(join(folder, file)))).toEqual([]);
  });

  it("has no source that compiles code at run time", () => {
    const sources = readdirSync(join(source, "src"), { recursive: true, encoding: "utf8" });
    const own = sources.filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
    expect(own.filter((file) => compiles(join(source, "src", file)))).toEqual([]);
  });
});

describe.each(packages.filter(({ manifest }) => isLibrary(manifest)))(
  "$manifest.name, as it is imported,",
  ({ name, manifest }) => {
    it("has types that are right for import and for require", async () => {
      // Node's own resolution since 16, and bundlers': the older one knows no `exports`.
      const attw = ["--profile", "node16", "--format", "ascii", "--no-color", "--no-emoji"];
      const report = await execute("attw", [find(name).tarball, ...attw]).then(
        () => "no problems",
        (error: { stdout: string }) => error.stdout,
      );
      expect(report).toBe("no problems");
    });

    it("gives the same to import and to require", async () => {
      const names = async (...code: string[]): Promise<unknown> => {
        const { stdout } = await execute("node", code, { cwd: join(find(name).folder, "../../..") });
        return JSON.parse(stdout);
      };
      const show = "console.log(JSON.stringify(Object.keys(it).filter((key) => key !== 'default').sort()));";
      const entries = Object.keys(manifest.exports ?? {}).filter((entry) => !entry.endsWith(".json"));
      for (const entry of entries.map((path) => path.replace(".", manifest.name))) {
        const imported = await names("--input-type=module", "-e", `import * as it from "${entry}"; ${show}`);
        const required = await names("--input-type=commonjs", "-e", `const it = require("${entry}"); ${show}`);
        expect(imported).not.toEqual([]);
        expect(required).toEqual(imported);
      }
    });
  },
);

describe.each(packages.filter(({ manifest }) => manifest.bin !== undefined))(
  "$manifest.name, as it is called,",
  ({ name, manifest }) => {
    it.each(Object.entries(manifest.bin ?? {}))("runs `%s`", async (command, file) => {
      const path = join(find(name).folder, file);
      expect(readFileSync(path, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
      const { stdout } = await execute("node", [path, "--help"]);
      expect(stdout).toContain(command);
    });
  },
);
