// Builds the package in the current folder: JavaScript by tsup, declarations by tsc, both for `import` and `require`.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
const run = (command, ...args) => execFileSync(command, args, { stdio: "inherit" });

run("tsup");
for (const format of ["esm", "cjs"]) run("tsc", "-p", "tsconfig.build.json", "--outDir", `dist/${format}`);

// A folder with a package.json is a scope of its own: it must repeat the package's internal imports.
const { imports } = JSON.parse(readFileSync("package.json", "utf8"));
const here = JSON.parse(JSON.stringify({ type: "commonjs", imports }).replaceAll("./dist/esm/", "./"));
writeFileSync("dist/cjs/package.json", `${JSON.stringify(here)}\n`);
